use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instruction {
    Push(i64),
    Load(usize),
    Store(usize),
    Add,
    Subtract,
    Multiply,
    Remainder,
    Jump(usize),
    JumpIfZero(usize),
    Print,
    Halt,
}

#[derive(Debug, PartialEq)]
pub enum Fault {
    EmptyStack,
    DivisionByZero,
    Overflow,
    NoSuchInstruction,
    TooManySteps,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Fault::EmptyStack => "the stack is empty",
            Fault::DivisionByZero => "division by zero",
            Fault::Overflow => "a number is too large",
            Fault::NoSuchInstruction => "the program ran off its end",
            Fault::TooManySteps => "the program does not end",
        })
    }
}

pub struct Machine<'program> {
    program: &'program [Instruction],
    stack: Vec<i64>,
    variables: [i64; 26],
    pub output: Vec<i64>,
    pub position: usize,
    pub steps: usize,
}

impl<'program> Machine<'program> {
    pub fn new(program: &'program [Instruction]) -> Self {
        Machine {
            program,
            stack: Vec::new(),
            variables: [0; 26],
            output: Vec::new(),
            position: 0,
            steps: 0,
        }
    }

    pub fn run(&mut self, steps_max: usize) -> Result<(), Fault> {
        while self.steps < steps_max {
            self.steps += 1;
            let next = *self.program.get(self.position).ok_or(Fault::NoSuchInstruction)?;
            if next == Instruction::Halt {
                return Ok(());
            }
            self.execute(next)?;
        }
        Err(Fault::TooManySteps)
    }

    fn execute(&mut self, instruction: Instruction) -> Result<(), Fault> {
        let mut target = self.position + 1;
        match instruction {
            Instruction::Push(value) => self.stack.push(value),
            Instruction::Load(name) => self.stack.push(self.variables[name]),
            Instruction::Store(name) => self.variables[name] = self.pop()?,
            Instruction::Add => self.combine(i64::checked_add)?,
            Instruction::Subtract => self.combine(i64::checked_sub)?,
            Instruction::Multiply => self.combine(i64::checked_mul)?,
            Instruction::Remainder => {
                if self.stack.last() == Some(&0) {
                    return Err(Fault::DivisionByZero);
                }
                self.combine(i64::checked_rem)?;
            }
            Instruction::Jump(label) => target = label,
            Instruction::JumpIfZero(label) => {
                if self.pop()? == 0 {
                    target = label;
                }
            }
            Instruction::Print => {
                let value = self.pop()?;
                self.output.push(value);
            }
            Instruction::Halt => {}
        }
        self.position = target;
        Ok(())
    }

    fn combine(&mut self, apply: fn(i64, i64) -> Option<i64>) -> Result<(), Fault> {
        let (right, left) = (self.pop()?, self.pop()?);
        self.stack.push(apply(left, right).ok_or(Fault::Overflow)?);
        Ok(())
    }

    fn pop(&mut self) -> Result<i64, Fault> {
        self.stack.pop().ok_or(Fault::EmptyStack)
    }
}
