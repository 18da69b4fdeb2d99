class Main {
    static function main() {
        Sys.println(Greeting.TEXT);
    }
}
