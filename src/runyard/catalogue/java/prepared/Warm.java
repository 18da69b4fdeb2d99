import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Scanner;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A program with something of everything, for the compiler to be warmed with. It never runs. */
public class Warm {
    interface Shape {
        double area();
    }

    enum Colour {
        RED, GREEN {
            @Override
            String say() {
                return "go";
            }
        };

        String say() {
            return name().toLowerCase();
        }
    }

    static class Circle implements Shape, Comparable<Circle> {
        private final double radius;

        Circle(double radius) {
            this.radius = radius;
        }

        @Override
        public double area() {
            return Math.PI * radius * radius;
        }

        @Override
        public int compareTo(Circle other) {
            return Double.compare(radius, other.radius);
        }

        @Override
        public String toString() {
            return String.format("Circle(%.2f)", radius);
        }
    }

    static <T extends Comparable<T>> T largest(List<? extends T> all) {
        T best = null;
        for (T each : all) {
            if (best == null || each.compareTo(best) > 0) {
                best = each;
            }
        }
        return best;
    }

    static int fibonacci(int n) {
        return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
    }

    public static void main(String[] args) throws InterruptedException {
        Map<String, List<Integer>> groups = new HashMap<>();
        int[] numbers = {3, 1, 2};
        long sum = 0;
        for (int i = 0; i < numbers.length; i++) {
            sum += numbers[i];
            groups.computeIfAbsent("k" + i, key -> new ArrayList<>()).add(i);
        }
        var text = new StringBuilder();
        for (Map.Entry<String, List<Integer>> entry : groups.entrySet()) {
            text.append(entry.getKey()).append('=').append(entry.getValue());
        }
        System.out.println(text + " " + sum + largest(Arrays.asList(new Circle(1), new Circle(2))));
        System.out.println(IntStream.range(0, 10).filter(x -> x % 2 == 0)
                .mapToObj(Integer::toString).collect(Collectors.joining(",")));
        try (Scanner in = new Scanner(System.in)) {
            while (in.hasNextInt()) {
                sum ^= in.nextInt();
            }
        } catch (IllegalStateException | ArithmeticException error) {
            error.printStackTrace();
        } finally {
            sum >>>= 1;
        }
        switch (args.length) {
            case 0:
                System.out.print(fibonacci(10));
                break;
            default:
                System.out.printf("%d%n", args.length);
        }
        Function<Integer, Function<Integer, Integer>> add = a -> b -> a + b;
        Runnable run = new Runnable() {
            @Override
            public void run() {
                System.out.println(add.apply(1).apply(2));
            }
        };
        Thread thread = new Thread(() -> {
            synchronized (groups) {
                groups.clear();
            }
        });
        thread.start();
        thread.join();
        run.run();
        PriorityQueue<int[]> queue = new PriorityQueue<>((a, b) -> a[0] - b[0]);
        queue.add(new int[] {1, 2});
        Object colour = Colour.RED;
        if (colour instanceof Colour) {
            System.out.println(((Colour) colour).say());
        }
        System.out.println(Stream.of("a", "b").sorted(Comparator.reverseOrder()).findFirst()
                .orElse("none") + (char) ('a' + 1) + 1.5f + 2L + ~queue.peek()[0]);
    }
}
