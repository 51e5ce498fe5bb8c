"""Answers many questions with the real Ansible in one process (each start of ansible-inventory costs half a second).

Reads a JSON list of questions from stdin, writes a JSON list of answers:
  {"args": ["-i", "hosts", "--list"], "cwd": "..."}          -> {"out": text} or {"error": text}
  {"sources": [...], "patterns": [[pattern, limit], ...]}    -> {"hosts": [[name, ...] or null, ...]}
"""
import contextlib
import io
import json
import os
import sys

os.environ.setdefault('ANSIBLE_LOCALHOST_WARNING', 'false')
os.environ.setdefault('ANSIBLE_DEPRECATION_WARNINGS', 'false')
os.environ['ANSIBLE_CONFIG'] = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'ansible.cfg')

from ansible.cli.inventory import InventoryCLI  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.plugins.vars import host_group_vars  # noqa: E402
from ansible.utils.context_objects import GlobalCLIArgs  # noqa: E402


def command(args):
    out = io.StringIO()
    # The arguments are kept in a singleton that a second command must not see.
    GlobalCLIArgs._Singleton__instance = None
    host_group_vars.FOUND.clear()
    DataLoader._FILE_CACHE = {}
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            cli = InventoryCLI(['ansible-inventory'] + args)
            cli.parse()
            cli.run()
        except SystemExit:
            pass
        except Exception as error:
            return {'error': str(error)}
    return {'out': out.getvalue()}


def select(sources, patterns):
    with contextlib.redirect_stderr(io.StringIO()):
        manager = InventoryManager(loader=DataLoader(), sources=sources)
        answers = []
        for pattern, limit in patterns:
            try:
                manager.clear_caches()
                manager.subset(limit)
                answers.append([host.name for host in manager.get_hosts(pattern)])
            except Exception:
                answers.append(None)
    return {'hosts': answers}


def answer(question):
    if 'cwd' in question:
        os.chdir(question['cwd'])
    if 'args' in question:
        return command(question['args'])
    return select(question['sources'], question['patterns'])


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
