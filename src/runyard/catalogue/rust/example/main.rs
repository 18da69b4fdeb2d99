fn main() {
    let numbers = std::iter::successors(Some((0u64, 1u64)), |&(a, b)| Some((b, a + b)));
    let shown: Vec<String> = numbers.take(10).map(|(a, _)| a.to_string()).collect();
    println!("{}", shown.join(" "));
}
