// A stack machine and its assembler.
// Run it: runyard run examples/rust
mod assembler;
mod machine;

use machine::Machine;

const FACTORIAL: &str = include_str!("factorial.asm");
const PRIMES: &str = include_str!("primes.asm");

fn main() {
    for (name, source) in [("factorial", FACTORIAL), ("primes", PRIMES), ("broken", "push 1\nadd")] {
        println!("{name}:");
        let program = match assembler::assemble(source) {
            Ok(program) => program,
            Err(problem) => {
                println!("  {problem}");
                continue;
            }
        };
        let mut machine = Machine::new(&program);
        match machine.run(100_000) {
            Ok(()) => println!("  {:?} in {} steps", machine.output, machine.steps),
            Err(fault) => println!("  {fault} at instruction {}", machine.position),
        }
    }
}
