/** The same program over HTTP, from a terminal and from Python. */
export function buildSnippets(origin: string): { name: string; text: string }[] {
  return [
    {
      name: 'HTTP',
      text: `curl -s ${origin}/api/v1/executions \\
  -H 'Content-Type: application/json' \\
  -d '{
    "runtime": "python",
    "files": [{"path": "main.py", "content": "print(6 * 7)"}],
    "wait": 10
  }'`,
    },
    {
      name: 'Command line',
      text: `export RUNYARD_SERVER=${origin}
runyard run main.py
runyard run --runtime c prog.c -- first-argument < input.txt`,
    },
    {
      name: 'Python',
      text: `from runyard.client import Client

with Client("${origin}") as client:
    execution = client.run("python", {"main.py": "print(input())"}, stdin="hello")
    print(execution.outcome, execution.stdout)`,
    },
  ];
}
