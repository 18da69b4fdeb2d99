use crate::machine::Instruction;
use std::collections::HashMap;

/// Translates one instruction per line; `name:` is a label, `;` begins a comment.
pub fn assemble(source: &str) -> Result<Vec<Instruction>, String> {
    let lines: Vec<(usize, &str)> = source
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.split(';').next().unwrap_or("").trim()))
        .filter(|(_, line)| !line.is_empty())
        .collect();

    let mut labels = HashMap::new();
    let mut place = 0;
    for (_, line) in &lines {
        match line.strip_suffix(':') {
            Some(label) => {
                labels.insert(label, place);
            }
            None => place += 1,
        }
    }

    lines
        .iter()
        .filter(|(_, line)| !line.ends_with(':'))
        .map(|(number, line)| translate(line, &labels).map_err(|why| format!("line {number}: {why}")))
        .collect()
}

fn translate(line: &str, labels: &HashMap<&str, usize>) -> Result<Instruction, String> {
    let (name, operand) = line.split_once(' ').unwrap_or((line, ""));
    let operand = operand.trim();
    let label = || labels.get(operand).copied().ok_or(format!("no label '{operand}'"));
    let variable = || match operand.as_bytes() {
        [letter @ b'a'..=b'z'] => Ok(usize::from(letter - b'a')),
        _ => Err(format!("'{operand}' is not a variable")),
    };
    Ok(match name {
        "push" => Instruction::Push(operand.parse().map_err(|_| format!("'{operand}' is not a number"))?),
        "load" => Instruction::Load(variable()?),
        "store" => Instruction::Store(variable()?),
        "add" => Instruction::Add,
        "sub" => Instruction::Subtract,
        "mul" => Instruction::Multiply,
        "rem" => Instruction::Remainder,
        "jump" => Instruction::Jump(label()?),
        "jumpzero" => Instruction::JumpIfZero(label()?),
        "print" => Instruction::Print,
        "halt" => Instruction::Halt,
        _ => return Err(format!("unknown instruction '{name}'")),
    })
}
