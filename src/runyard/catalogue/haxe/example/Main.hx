class Main {
    static function fibonacci(count:Int):Array<Int> {
        var numbers = [0, 1];
        while (numbers.length < count)
            numbers.push(numbers[numbers.length - 1] + numbers[numbers.length - 2]);
        return numbers;
    }

    static function main() {
        Sys.println(fibonacci(10).join(" "));
    }
}
