import java.util.stream.Collectors;
import java.util.stream.Stream;

public class Main {
    static Stream<Long> fibonacci() {
        return Stream.iterate(new long[] {0, 1}, pair -> new long[] {pair[1], pair[0] + pair[1]})
                .map(pair -> pair[0]);
    }

    public static void main(String[] args) {
        System.out.println(
                fibonacci().limit(10).map(String::valueOf).collect(Collectors.joining(" ")));
    }
}
