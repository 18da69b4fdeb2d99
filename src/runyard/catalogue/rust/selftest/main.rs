mod greeting;

fn main() {
    println!("{}", greeting::TEXT);
}
