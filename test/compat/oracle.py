"""Answers many questions with the real Ansible in one process (each start of ansible-inventory costs half a second).

Reads a JSON list of questions from stdin, writes a JSON list of answers:
  {"args": ["-i", "hosts", "--list"], "cwd": "..."}          -> {"out": text} or {"error": text}; "tool": "vault" for ansible-vault, and so on
  {"sources": [...], "host": name, "names": [...]}           -> {"values": {name: value or null}}
  {"variables": {...}, "templates": [...]}                   -> {"values": [value as JSON text, ...]}, null where Ansible refuses
  {"sources": [...], "patterns": [[pattern, limit], ...]}    -> {"hosts": [[name, ...] or null, ...]}
"""
import contextlib
import io
import json
import os
import sys

os.environ.setdefault('ANSIBLE_LOCALHOST_WARNING', 'false')
os.environ.setdefault('ANSIBLE_DEPRECATION_WARNINGS', 'false')
# A source that can't be read is an error: without this, half of it is used.
os.environ['ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED'] = 'true'
os.environ['ANSIBLE_CONFIG'] = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'ansible.cfg')

# Unpacked by scripts/test/collections.mjs.
os.environ['ANSIBLE_COLLECTIONS_PATH'] = os.path.expanduser('~/.cache/rota-test/collections')
# What the machine has installed beside it is another version.
os.environ['ANSIBLE_COLLECTIONS_SCAN_SYS_PATH'] = '0'

from ansible.cli.inventory import InventoryCLI  # noqa: E402
from ansible.cli.config import ConfigCLI  # noqa: E402
from ansible.cli.playbook import PlaybookCLI  # noqa: E402
from ansible.cli.vault import VaultCLI  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.plugins.vars import host_group_vars  # noqa: E402
from ansible.template import Templar  # noqa: E402
from ansible.utils.context_objects import GlobalCLIArgs  # noqa: E402
from ansible.vars.hostvars import HostVars  # noqa: E402
from ansible.vars.manager import VariableManager  # noqa: E402


tools = {'inventory': InventoryCLI, 'vault': VaultCLI, 'playbook': PlaybookCLI, 'config': ConfigCLI}


def command(args, tool=InventoryCLI):
    # ansible-vault writes bytes.
    bytes_out = io.BytesIO()
    out = io.TextIOWrapper(bytes_out, encoding='utf-8', write_through=True)
    # The arguments are kept in a singleton that a second command must not see.
    GlobalCLIArgs._Singleton__instance = None
    host_group_vars.FOUND.clear()
    DataLoader._FILE_CACHE = {}
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            cli = tool([tool.name] + args)
            cli.parse()
            cli.run()
        except SystemExit:
            pass
        except Exception as error:
            return {'error': str(error)}
    return {'out': bytes_out.getvalue().decode('utf-8')}


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


def template(sources, host, names):
    """The variables of a host with their templates evaluated; None where Ansible refuses."""
    loader = DataLoader()
    manager = InventoryManager(loader=loader, sources=sources)
    variables = VariableManager(loader=loader, inventory=manager)
    values = variables.get_vars(host=manager.get_host(host))
    values['hostvars'] = HostVars(inventory=manager, variable_manager=variables, loader=loader)
    values['groups'] = manager.get_groups_dict()
    answers = {}
    for name in names:
        try:
            answers[name] = Templar(loader=loader, variables=values).template('{{ %s }}' % name)
            json.dumps(answers[name])
        except Exception:
            answers[name] = None
    return {'values': answers}


def evaluate(variables, templates):
    answers = []
    for text in templates:
        try:
            value = Templar(loader=DataLoader(), variables=variables).template(text)
            answers.append(json.dumps(value))
        except Exception:
            answers.append(None)
    return {'values': answers}


def answer(question):
    if 'templates' in question:
        return evaluate(question['variables'], question['templates'])
    if 'cwd' in question:
        os.chdir(question['cwd'])
    if 'args' in question:
        return command(question['args'], tools[question.get('tool', 'inventory')])
    if 'host' in question:
        return template(question['sources'], question['host'], question['names'])
    return select(question['sources'], question['patterns'])


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
