/** A `runyard serve` of its own: picks its port, keeps its records in a fresh directory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..', '..');
const READY_MS = 60_000;

export interface Server {
  url: string;
  /** What makes the first administrator, from the link that the server prints. */
  setupTicket: string;
  stop(): Promise<void>;
}

export async function startServer(settings: Record<string, string> = {}): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'runyard-e2e-'));
  // Started as root, the server becomes somebody else, who has to reach it.
  chmodSync(directory, 0o755);
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('RUNYARD_') || name === 'RUNYARD_TOOLCHAIN_DIRS',
  );
  const child = spawn(
    join(ROOT, '.venv', 'bin', 'python'),
    ['-m', 'runyard', 'serve', '--port', '0', '--profile', 'production'],
    {
      env: {
        ...Object.fromEntries(inherited),
        RUNYARD_DATA_DIR: join(directory, 'data'),
        RUNYARD_ALLOW_WEAK_LIMITS: process.env.RUNYARD_ALLOW_WEAK_LIMITS ?? 'false',
        ...settings,
      },
      stdio: ['ignore', 'inherit', 'pipe'],
    },
  );
  const stop = async () => {
    await end(child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    return { ...(await readAddress(child)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function readAddress(child: ChildProcess): Promise<{ url: string; setupTicket: string }> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    let url = '';
    let setupTicket = '';
    const fail = (reason: string) => reject(new Error(`${reason}:\n${said.join('\n')}`));
    const timer = setTimeout(() => fail('The server did not say its address'), READY_MS);
    child.once('exit', () => fail('The server ended'));
    createInterface({ input: child.stderr! }).on('line', (line) => {
      said.push(line);
      url ||= line.match(/serves on (http:\/\/\S+)/)?.[1] ?? '';
      setupTicket ||= line.match(/\/setup#([^'\s]+)/)?.[1] ?? '';
      if (url && setupTicket) {
        clearTimeout(timer);
        resolve({ url, setupTicket });
      }
    });
  });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.removeAllListeners('exit');
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
