/** Signals of Linux by number, as people who read a crash want them. */
interface Signal {
  name: string;
  meaning: string;
}

const SIGNALS: Record<number, Signal> = {
  1: { name: 'SIGHUP', meaning: 'The terminal was closed' },
  2: { name: 'SIGINT', meaning: 'The program was interrupted' },
  3: { name: 'SIGQUIT', meaning: 'The program was asked to quit' },
  4: { name: 'SIGILL', meaning: 'The program met an instruction that does not exist' },
  5: { name: 'SIGTRAP', meaning: 'The program stopped at a trap' },
  6: { name: 'SIGABRT', meaning: 'The program gave up by itself: abort() or a failed assertion' },
  7: { name: 'SIGBUS', meaning: 'The program used memory that is not there' },
  8: { name: 'SIGFPE', meaning: 'The program divided by zero, or a number did not fit' },
  9: { name: 'SIGKILL', meaning: 'The program was killed' },
  11: { name: 'SIGSEGV', meaning: 'The program used memory that is not its own' },
  13: { name: 'SIGPIPE', meaning: 'The program wrote to a pipe that nobody reads' },
  14: { name: 'SIGALRM', meaning: 'An alarm of the program went off' },
  15: { name: 'SIGTERM', meaning: 'The program was asked to end' },
  24: { name: 'SIGXCPU', meaning: 'The program used too much CPU time' },
  25: { name: 'SIGXFSZ', meaning: 'The program wrote a file that is too large' },
  31: { name: 'SIGSYS', meaning: 'The program made a system call that is not allowed here' },
};

export function nameSignal(number: number): Signal {
  return (
    SIGNALS[number] ?? { name: `Signal ${number}`, meaning: 'The program was ended by a signal' }
  );
}
