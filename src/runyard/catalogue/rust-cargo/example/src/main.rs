fn fibonacci(count: usize) -> Vec<u64> {
    let mut numbers = vec![0, 1];
    while numbers.len() < count {
        numbers.push(numbers[numbers.len() - 1] + numbers[numbers.len() - 2]);
    }
    numbers
}

fn main() {
    let shown: Vec<String> = fibonacci(10).iter().map(u64::to_string).collect();
    println!("{}", shown.join(" "));
}
