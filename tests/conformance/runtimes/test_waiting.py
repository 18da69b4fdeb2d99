"""A program cannot tell that its interpreter was started before anybody asked for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from runyard.agent.channel import Channel, Exited
from runyard.agent.channel import Command as AgentCommand
from runyard.domain.execution import StepKind
from runyard.domain.files import File
from runyard.domain.limits import MIB, Limits, Usage
from runyard.domain.runtime import Runtime, Start
from runyard.engines.interface import Engine
from runyard.services.commands import plain_request, run_command
from runyard.services.shelf import Shelf, find_recipe
from tests.conformance.runtimes.running import Runner
from tests.conformance.runtimes.toolchains import FOUND, PRESENT, require

WAITING = [
    runtime_id
    for runtime_id in PRESENT
    if FOUND[runtime_id].candidates[0].runtime.run.start is Start.WAITING
    and FOUND[runtime_id].candidates[0].runtime.compile is None
]

# Each asks for everything about itself that is not another one each time.
FACTS = {
    "javascript": """
const fs = require('fs'), os = require('os'), threads = require('worker_threads');
const facts = (name) => fs.readFileSync('/proc/self/' + name, 'utf8');
console.log(process.argv, process.execArgv, process.argv0, process.title, process.execPath);
console.log(__filename, __dirname, require.main === module, module.paths, process.cwd());
console.log(Object.entries(process.env).sort(), process.umask(), process.ppid === 1);
console.log(facts('limits'), facts('cmdline'), facts('environ'), facts('comm'), facts('cgroup'));
console.log(facts('status').split('\\n').filter((line) =>
    /^(Umask|Sig|Shd|Cap|NoNewPrivs|Seccomp|TracerPid|Groups)/.test(line) && !/^SigQ/.test(line)));
console.log(fs.readdirSync('.'), fs.readdirSync('/tmp'), os.getPriority(), os.userInfo());
console.log([0, 1, 2].map((fd) => fs.fstatSync(fd).isFIFO()), process.stdin.isTTY);
console.log(Intl.DateTimeFormat().resolvedOptions(), process.memoryUsage.rss() > 0);
console.log(fs.readFileSync(0, 'utf8'));
process.on('exit', (code) => console.log('exit', code));
const begun = Date.now();
setTimeout(() => console.log('timer', Date.now() - begun >= 199), 200);
setImmediate(() => console.log('immediate'));
process.nextTick(() => console.log('tick'));
Promise.resolve().then(() => console.log('promise'));
new threads.Worker('require("worker_threads").parentPort.postMessage(process.argv)', { eval: true })
    .on('message', (said) => setTimeout(() => {
        console.log('worker', said);
        console.log(require('child_process').execFileSync('env').toString());
        import('./other.mjs').then((other) => { console.log(other.default); throw Error('last'); });
    }, 500));
""",
    "bash": """
echo "$0 $# $- $BASH_SOURCE $BASH_SUBSHELL $SHLVL $LINENO $PWD $OLDPWD $IFS $PS4 $UID $EUID"
echo "$BASHOPTS $SHELLOPTS $HOSTTYPE $HOME $PPID $_"
env | sort; umask; ulimit -a; trap; set -o; shopt; jobs; pwd; ls -la /tmp | tail -n +2 | wc -l
cat /proc/$$/limits /proc/$$/cgroup /proc/$$/oom_score_adj
tr '\\0' ' ' < /proc/$$/cmdline; tr '\\0' '\\n' < /proc/$$/environ
grep -E '^(Name|Umask|TracerPid|Sig[PBIC]|Shd|Cap|NoNew|Seccomp|Groups|Threads)' /proc/$$/status
for fd in /proc/$$/fd/*; do echo "${fd##*/}" "$(stat -Lc %F "$fd" 2>/dev/null)"; done
ls; while read -r line; do echo "<$line>"; done
trap 'echo left $?' EXIT; trap 'echo usr' USR1; kill -USR1 $$
sleep 0.01 & wait $!; echo $?; source ./other.sh 1 2; (exit 5); echo $?
missing_command; echo "${unset?no value}"
""",
    "perl": """
use strict; use warnings; use Cwd; use File::Spec; use POSIX (); use Other;
print join("|", $0, @ARGV, $$ > 1, getppid(), $^X, $^T > 0, $;, $,//'', $|, getcwd(), @INC), "\\n";
print join("\\n", map { "$_=$ENV{$_}" } sort keys %ENV), "\\n", sprintf("%04o", umask), "\\n";
for my $name (qw(limits cmdline environ comm cgroup)) {
  open my $file, '<', "/proc/self/$name" or die; local $/; print <$file>, "\\n";
}
open my $status, '<', '/proc/self/status' or die;
print grep { /^(Umask|TracerPid|Sig[PBIC]|Shd|Cap|NoNewPrivs|Seccomp|Groups|Threads)/ } <$status>;
print join(" ", map { $_ . ":" . ($SIG{$_} // '') } sort keys %SIG), "\\n", __FILE__, "\\n";
print map { "[$_]" } <STDIN>; print eof(STDIN) ? "eof\\n" : "more\\n";
$SIG{ALRM} = sub { print "alarm\\n" }; alarm 1; POSIX::pause();
my $child = fork // die; if (!$child) { print "child\\n"; POSIX::_exit(7) }
waitpid $child, 0; print $? >> 8, "\\n", Other::value(), "\\n", scalar(`echo \\$0`);
print -p STDIN, "\\n";
END { print "end $?\\n" }
warn "careful"; die { code => 1 } if @ARGV; die "enough";
""",
    "tcl": """
puts [list $argv0 $argv [info nameofexecutable] [info script] [pwd] $tcl_interactive $auto_path]
puts [lsort [array names env]]; puts [array get tcl_platform]; puts [encoding system]
puts [fconfigure stdin]; puts [fconfigure stdout]; puts [glob *]
foreach name {limits cmdline environ comm cgroup} {
  set file [open /proc/self/$name]; puts [read $file]; close $file
}
puts [read stdin]; puts [eof stdin]; source other.tcl
after 5 {set done 1}; vwait done; puts [exec echo child]
error enough
""",
    "ruby": """
puts [$0, __FILE__, ARGV, $PROGRAM_NAME, Dir.pwd, $LOAD_PATH, $;, $/, $stdin.tty?].inspect
puts ENV.sort.inspect, File.umask, Encoding.default_external, Process.ppid, Dir.children('.').sort
%w[limits cmdline environ comm cgroup].each { |name| puts File.read("/proc/self/#{name}") }
puts Signal.list.keys.sort.inspect, $stdin.read, $stdin.eof?
require_relative 'other'
trap('USR1') { puts 'usr' }
Process.kill('USR1', Process.pid)
Thread.new { puts 'thread' }.join
puts `echo child`
at_exit { puts 'left' }
raise 'enough'
""",
    "php": """<?php
var_dump($argv, $argc, __FILE__, __DIR__, getcwd(), PHP_SAPI, ini_get_all(null, false));
$env = getenv(); ksort($env); var_dump($env, scandir('.'), umask());
foreach (['limits', 'cmdline', 'environ', 'comm', 'cgroup'] as $name) {
  echo file_get_contents("/proc/self/$name"), "\\n";
}
var_dump(stream_get_contents(STDIN), feof(STDIN), shell_exec('echo child'));
require 'other.php';
register_shutdown_function(function () { echo "left\\n"; });
throw new Exception('enough');
""",
    "lua": """
for index = -1, 1 do print(index, arg[index]) end
print(..., package.path, package.cpath, os.getenv('PATH'), os.getenv('HOME'), os.setlocale())
for _, name in ipairs { 'limits', 'cmdline', 'environ', 'comm', 'cgroup' } do
  print(io.open('/proc/self/' .. name):read('a'))
end
print(io.read('a'), io.read(0), require('other'), io.popen('echo child'):read('a'))
error('enough')
""",
}
OTHERS = {
    "javascript": File("other.mjs", b"export default [import.meta.url, process.argv.length];"),
    "bash": File("other.sh", b'echo "other $0 $BASH_SOURCE $*"\n'),
    "perl": File("Other.pm", b"package Other; sub value { __FILE__ . ' ' . caller } 1;\n"),
    "tcl": File("other.tcl", b"puts [list other [info script]]\n"),
    "ruby": File("other.rb", b"puts __FILE__\n"),
    "php": File("other.php", b"<?php echo __FILE__;\n"),
    "lua": File("other.lua", b"return ...\n"),
}
# Not those that a sandbox is made ahead with.
# The kernel counts pages in batches, for each processor.
COUNTED_BEHIND_BYTES = 4 * MIB
LIMITS = Limits(
    wall_seconds=20.0, cpu_seconds=7.0, memory_bytes=300 * MIB, processes=40, output_bytes=200_000
)


@dataclass(frozen=True)
class Ended:
    stdout: bytes
    stderr: bytes
    exited: Exited


async def run(
    engine: Engine, runtime: Runtime, files: tuple[File, ...], *, start: Start, limits: Limits
) -> Ended:
    """Run the files as the pool does, in a sandbox that was made ahead."""
    runtime = replace(runtime, run=replace(runtime.run, start=start))
    recipe = find_recipe(runtime, StepKind.RUN, has_images=False, forked_starts=False)
    ready = await Shelf(recipe, now=0.0).make(engine)
    try:
        assert (ready.program is not None) is (start is Start.WAITING)
        request = replace(plain_request(runtime), stdin=b"one\ntwo\n")
        command: AgentCommand = run_command(request, runtime.run, limits)
        assert ready.why_not(limits, command) is None
        await ready.sandbox.begin(limits)
        return await _collect(ready.channel, command, files)
    finally:
        await ready.sandbox.destroy()


async def _collect(channel: Channel, command: AgentCommand, files: tuple[File, ...]) -> Ended:
    streams = {"stdout": bytearray(), "stderr": bytearray()}
    async for item in channel.exec(command, files=files):
        if isinstance(item, Exited):
            return Ended(bytes(streams["stdout"]), bytes(streams["stderr"]), item)
        streams[item.stream] += item.data
    raise AssertionError("the program did not end")


def test_every_waiting_runtime_that_is_here_is_compared() -> None:
    assert set(WAITING) <= set(FACTS)


@pytest.mark.parametrize("runtime_id", FACTS)
async def test_program_sees_the_same_as_after_a_cold_start(linux: Runner, runtime_id: str) -> None:
    runtime = require(runtime_id, linux)
    files = (File(runtime.entry, FACTS[runtime_id].encode()), OTHERS[runtime_id])

    cold, waiting = [
        await run(linux.engine, runtime, files, start=start, limits=LIMITS)
        for start in (Start.COLD, Start.WAITING)
    ]

    assert cold.stdout, cold
    assert waiting.stdout.decode().splitlines() == cold.stdout.decode().splitlines()
    assert waiting.stderr == cold.stderr
    assert waiting.exited.exit_code == cold.exited.exit_code != 0


@pytest.mark.parametrize("runtime_id", FACTS)
async def test_time_and_memory_begin_with_the_request(linux: Runner, runtime_id: str) -> None:
    runtime = require(runtime_id, linux)
    files = (File(runtime.entry, runtime.example.encode()),)

    # Pages of files are counted where they were read first.
    await run(linux.engine, runtime, files, start=Start.COLD, limits=LIMITS)
    spent, whole = await measure(linux, runtime, files, (Start.WAITING, Start.COLD))

    assert spent.cpu_seconds is not None
    assert whole.cpu_seconds is not None
    # What the interpreter took to start was spent before the request came.
    assert 0 < spent.cpu_seconds < whole.cpu_seconds
    assert spent.wall_seconds < 5.0
    # But its memory is the program's, as it is after a cold start.
    assert spent.memory_peak_bytes is not None
    assert whole.memory_peak_bytes is not None
    assert whole.memory_peak_bytes < 2 * spent.memory_peak_bytes + COUNTED_BEHIND_BYTES
    assert spent.memory_peak_bytes < 2 * whole.memory_peak_bytes + COUNTED_BEHIND_BYTES


async def measure(
    linux: Runner, runtime: Runtime, files: tuple[File, ...], starts: tuple[Start, ...]
) -> list[Usage]:
    """Return what the cheapest of some runs of each kind used. They take turns, because what one
    of them takes depends on the machine's other work as well, which comes and goes.
    """
    used: dict[Start, list[Usage]] = {start: [] for start in starts}
    for _ in range(10):
        for start in starts:
            ended = await run(linux.engine, runtime, files, start=start, limits=LIMITS)
            used[start].append(ended.exited.usage)
    return [min(used[start], key=lambda usage: usage.cpu_seconds or 0.0) for start in starts]
