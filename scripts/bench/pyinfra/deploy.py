# The bench's steps for pyinfra 3. What the files hold comes from where Rota's own steps take it. pyinfra has no check of a new file before it
# takes the old one's place, so that step is left out.
import json
import os
from io import StringIO

from pyinfra.operations import apt, files, server, systemd

with open(os.environ["BENCH_STEPS"]) as steps_file:
    steps = json.load(steps_file)

apt.packages(packages=steps["packages"], no_recommends=True)
server.group(group="bench", system=True)
server.user(
    user="bench",
    system=True,
    group="bench",
    home="/nonexistent",
    shell="/usr/sbin/nologin",
    ensure_home=False,
)
for each in steps["directories"]:
    files.directory(
        path=each["path"],
        mode=each["mode"].lstrip("0"),
        user=each.get("owner", "root"),
        group=each.get("group", "root"),
    )
files.block(path="/etc/hosts", content=steps["block"], marker="# {mark} bench")
for key, value in steps["sysctls"].items():
    server.sysctl(key=key, value=value)
reloads = []
for each in steps["files"]:
    put = files.put(
        src=StringIO(each["content"]),
        dest=each["path"],
        mode=each["mode"].lstrip("0"),
        user="root",
        group="root",
    )
    if "reload" in each:
        reloads.append((each["reload"], put))
files.line(path="/etc/bench/env", line=steps["line"])
files.link(path="/etc/bench/current", target="conf.d")
for name in steps["services"]:
    systemd.service(service=name, running=True, enabled=True)
for name, put in reloads:
    systemd.service(service=name, reloaded=True, _if=put.did_change)
