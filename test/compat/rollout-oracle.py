"""Runs many generated plays with the real strategy, iterator, batches, tags and handlers of ansible-playbook, in one process.

Only what a module would do is replaced: its result comes from a table, so that no process is forked per task and host.

Reads a JSON list of cases from stdin: {"hosts": n, "plays": [play, ...], "tags": [...], "skip": [...], "outcomes": {task: {host: outcome}}};
an outcome is changed, failed or unreachable, and ok where the table has none. Writes for each case
{"batches": [[play, [host, ...]], ...], "ran": [[task, host, outcome], ...], "code": n}.
"""
import contextlib
import io
import json
import os
import sys
import tempfile

os.environ['ANSIBLE_CONFIG'] = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'ansible.cfg')
os.environ['ANSIBLE_LOCALHOST_WARNING'] = 'false'

import ansible.plugins.strategy as strategy  # noqa: E402
from ansible import context  # noqa: E402
from ansible.executor.playbook_executor import PlaybookExecutor  # noqa: E402
from ansible.executor.task_queue_manager import TaskQueueManager  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.utils.context_objects import CLIArgs  # noqa: E402
from ansible.vars.manager import VariableManager  # noqa: E402

results = {
    'ok': {'changed': False},
    'changed': {'changed': True},
    'failed': {'failed': True, 'msg': 'broken'},
    'unreachable': {'unreachable': True, 'msg': 'gone'},
}
outcomes = {}
ran = []
batches = []


class Worker:
    """Takes the place of the process that would run a module."""

    def __init__(self, final_q, task_vars, host, task, *rest):
        self.final_q, self.host, self.task = final_q, host, task

    def start(self):
        name = self.task.get_name(include_role_fqcn=False)
        outcome = outcomes.get(name, {}).get(self.host.name, 'ok')
        ran.append([name, self.host.name, outcome])
        result = dict(results[outcome])
        # As TaskExecutor does.
        if self.task.notify:
            result['_ansible_notify'] = self.task.notify
        self.final_q.send_task_result(self.host.name, self.task._uuid, result, task_fields=self.task.dump_attrs())

    def is_alive(self):
        return False

    def terminate(self):
        pass

    join = terminate


strategy.WorkerProcess = Worker
run_batch = TaskQueueManager.run


def watched(self, play):
    batches.append([play.get_name(), [host.name for host in self._inventory.get_hosts(play.hosts)]])
    return run_batch(self, play)


TaskQueueManager.run = watched
# No case has variables, and collecting them anew for every task and host was three quarters of the time.
VariableManager.get_vars = lambda self, **about: {}
args = {
    'connection': 'local', 'forks': 50, 'become': None, 'become_method': None, 'become_user': None, 'check': False, 'diff': False,
    'verbosity': 0, 'listhosts': None, 'listtasks': None, 'listtags': None, 'syntax': None, 'start_at_task': None, 'step': None,
    'subset': None, 'force_handlers': False, 'flush_cache': None, 'remote_user': None, 'private_key_file': None, 'timeout': 10,
    'ssh_common_args': None, 'ssh_extra_args': None, 'sftp_extra_args': None, 'scp_extra_args': None, 'extra_vars': [],
}


def answer(case):
    global outcomes
    outcomes = case['outcomes']
    ran.clear()
    batches.clear()
    context._init_global_context = None
    context.CLIARGS = CLIArgs({**args, 'tags': case['tags'] or ['all'], 'skip_tags': case['skip']})
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[','.join('h%d' % n for n in range(case['hosts'])) + ','])
    variables = VariableManager(loader=loader, inventory=inventory)
    with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
        json.dump(case['plays'], file)
        file.flush()
        executor = PlaybookExecutor([file.name], inventory, variables, loader, {})
        code = executor.run()
    return {'batches': list(batches), 'ran': list(ran), 'code': code}


cases = json.load(sys.stdin)
with contextlib.redirect_stdout(io.StringIO()):
    answers = [answer(case) for case in cases]
json.dump(answers, sys.stdout)
sys.stdout.flush()
os._exit(0)
