"""A Java program cannot tell that its compiler and its virtual machine were started before anybody
asked for them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from runyard.domain.execution import Request
from runyard.domain.files import File
from runyard.services.commands import plain_request
from tests.conformance.runtimes.prepared import (
    Ended,
    Prepared,
    compile_files,
    open_prepared,
    run_ahead,
    run_cold,
)
from tests.conformance.runtimes.toolchains import FOUND

pytestmark = pytest.mark.skipif(not FOUND["java"].candidates, reason="there is no JDK")

FACTS = """
import java.io.*;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.file.*;
import java.util.*;

public class Main {
    static final List<String> EARLY = new ArrayList<>();
    static { EARLY.add("static of " + Thread.currentThread()); }

    record Point(int x, int y) { }

    public static void main(String[] args) throws Exception {
        System.out.println(EARLY + " " + Arrays.toString(args) + new Point(1, 2) + Helper.help());
        new Throwable("here").printStackTrace(System.out);
        for (StackTraceElement each : Thread.currentThread().getStackTrace())
            System.out.println(each.getClassName() + "." + each.getMethodName());
        StackWalker.getInstance().forEach(System.out::println);
        Properties properties = System.getProperties();
        for (String name : new TreeSet<>(properties.stringPropertyNames()))
            System.out.println(name + "=" + properties.getProperty(name));
        System.getenv().entrySet().stream().map(Object::toString).sorted().forEach(System.out::println);
        System.out.println(ManagementFactory.getRuntimeMXBean().getInputArguments());
        for (String name : List.of("limits", "cmdline", "environ", "comm", "cgroup"))
            System.out.println(Files.readString(Path.of("/proc/self/" + name)));
        String kept = "(Umask|TracerPid|Shd|SigP|SigB|Cap|NoNewPrivs|Seccomp|Groups).*";
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.matches(kept)).forEach(System.out::println);
        System.out.println(Main.class.getClassLoader().getClass() + " "
            + (Main.class.getClassLoader() == Thread.currentThread().getContextClassLoader())
            + Main.class.getProtectionDomain().getCodeSource().getLocation()
            + Main.class.getModule() + Main.class.getPackageName().isEmpty());
        System.out.println(Locale.getDefault() + " " + TimeZone.getDefault().getID()
            + " " + Charset.defaultCharset() + " héllo ✓ " + new File(".").getAbsolutePath());
        Runtime machine = Runtime.getRuntime();
        System.out.println(machine.maxMemory() + " " + machine.availableProcessors());
        try (InputStream data = Main.class.getResourceAsStream("/data.txt")) {
            System.out.println(new String(data.readAllBytes()));
        }
        for (String folder : List.of(".", "/tmp"))
            System.out.println(folder + " " + Set.of(new File(folder).list()).size());
        Scanner in = new Scanner(System.in);
        while (in.hasNextLine()) System.out.println("<" + in.nextLine() + ">");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
        Process child = new ProcessBuilder("sh", "-c", "echo child; exit 3").inheritIO().start();
        System.out.println(child.waitFor());
        Thread last = new Thread(() -> { System.out.println("last"); System.exit(7); }, "last");
        last.start();
        last.join();
    }
}
"""
HELPER = "class Helper { static String help() { return Helper.class.getName(); } }\n"

PROGRAMS = {
    "facts": (File("Main.java", FACTS.encode()), File("Helper.java", HELPER.encode())),
    "uncaught": """public class Main {
        static void fail(int n) {
            if (n == 0) throw new IllegalStateException("no é");
            fail(n - 1);
        }
        public static void main(String[] args) {
            try { fail(3); } catch (RuntimeException error) { throw new Error("outer", error); }
        }
    }""",
    "static_initializer": """public class Main {
        static int x = Integer.parseInt("x");
        public static void main(String[] args) { }
    }""",
    "no_main": "public class Main { void main() { } }",
    "interface": 'interface Main { static void main(String[] a) { System.out.print("i"); } }',
    "daemon_and_other_threads": """public class Main {
        public static void main(String[] args) {
            Thread daemon = new Thread(() -> { while (true) Thread.onSpinWait(); });
            daemon.setDaemon(true);
            daemon.start();
            new Thread(() -> System.out.println("after main")).start();
            throw new RuntimeException("main ends first");
        }
    }""",
    "halt": "class Main { public static void main(String[] a) { Runtime.getRuntime().halt(9); } }",
    "stack_overflow": """public class Main {
        static int deep(int n) { return deep(n + 1) + 1; }
        public static void main(String[] args) {
            try { deep(0); } catch (StackOverflowError error) { System.out.println("deep"); }
        }
    }""",
    "errors": (
        File("Main.java", "class Main { int é = true; String s = 1; Nothing n; }\n".encode()),
        File("a/B.java", b"package a;\nclass B { void f() { return 1; } }\nclass C {"),
        File("a/Z.java", b"package a;\nclass Z extends main { }\n"),
    ),
    "warnings": """import java.util.*;
    public class Main {
        public static void main(String[] args) {
            List raw = new ArrayList(); raw.add(1); new Thread().stop(); new Integer(3);
        }
    }""",
    "wrong_file_name": "public class Other { public static void main(String[] args) { } }",
    "no_such_encoding": (File("Main.java", b'class Main { String s = "\xff\xfe"; }'),),
    "options_of_the_machine": (
        File("Main.java", b"class Main { public static void main(String[] a) { } }"),
        File(".hotspotrc", b"+PrintFlagsFinal"),
        File(".hotspot_compiler", b"print *"),
    ),
    "processor_that_is_not_there": (
        File("Main.java", b"class Main { }"),
        File("META-INF/services/javax.annotation.processing.Processor", b"not.There"),
    ),
}


@pytest_asyncio.fixture(scope="module")
async def java(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prepared]:
    async with open_prepared("java", tmp_path_factory.mktemp("prepared")) as prepared:
        yield prepared


def request_for(java: Prepared, files: tuple[File, ...] | str) -> Request:
    if isinstance(files, str):
        files = (File("Main.java", files.encode()),)
    files = (*files, File("data.txt", b"data"))
    return replace(plain_request(java.plain), files=files, stdin=b"one\ntwo")


async def both(java: Prepared, request: Request) -> tuple[list[Ended], list[Ended]]:
    """Return the steps of a cold and of a waiting start."""
    cold = await run_cold(java.engine, java.plain, request)
    return list(cold), list(await run_ahead(java.engine, java.runtime, request))


@pytest.mark.parametrize("name", PROGRAMS)
async def test_program_and_compiler_behave_as_after_a_cold_start(java: Prepared, name: str) -> None:
    cold, ahead = await both(java, request_for(java, PROGRAMS[name]))

    # What files with hidden names make is not carried to another sandbox.
    has_hidden = name == "options_of_the_machine"
    assert [step.was_waiting for step in ahead] == [True, not has_hidden][: len(ahead)]
    assert [replace(step, was_waiting=False) for step in ahead] == cold
    assert name != "facts" or (cold[-1].exit_code, cold[-1].stdout[-10:]) == (7, "last\nhook\n")


async def test_same_classes_are_made(java: Prepared) -> None:
    files = request_for(java, PROGRAMS["facts"]).files

    plain, prepared = [
        await compile_files(java.engine, runtime, files, [".out/**", "**"])
        for runtime in (java.plain, java.runtime)
    ]

    assert prepared.outputs == plain.outputs
    assert {file.path for file in plain.outputs} > {".out/Main.class", ".out/Helper.class"}


async def test_arguments_and_another_class_are_run_cold(java: Prepared) -> None:
    source = "package app; public class Start { public static void main(String[] a) { %s } }"
    say = 'System.out.print(a[0] + System.getenv("X")); throw new Error();'
    request = replace(
        request_for(java, (File("src/app/Start.java", (source % say).encode()),)),
        entry="src/app/Start.java",
        args=("é x",),
        env={"X": "y"},
    )

    cold, ahead = await both(java, request)

    assert [step.was_waiting for step in ahead] == [True, False]
    assert [replace(step, was_waiting=False) for step in ahead] == cold
    assert cold[-1].stdout == "é xy"


async def test_compiler_that_waits_left_nothing_behind(java: Prepared) -> None:
    request = request_for(java, "class Main { }")
    options = {"-d", ".out"}
    assert java.runtime.compile is not None
    assert options < set(java.runtime.compile.argv)

    compiled = await compile_files(java.engine, java.runtime, request.files, [".out/**", "**"])

    assert [file.path for file in compiled.outputs] == [".out/Main.class", "Main.java", "data.txt"]
