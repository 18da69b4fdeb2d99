import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;

/** A program with what most have, for the compiler to be warmed with. It never runs. */
public class Warm {
    interface Shape {
        double area();
    }

    static class Circle implements Shape {
        private final double radius;

        Circle(double radius) {
            this.radius = radius;
        }

        @Override
        public double area() {
            return Math.PI * radius * radius;
        }
    }

    static int fibonacci(int n) {
        return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        Map<String, List<Integer>> groups = new HashMap<>();
        int[] numbers = {3, 1, 2};
        long sum = 0;
        for (int i = 0; i < numbers.length; i++) {
            sum += numbers[i];
            groups.computeIfAbsent("k" + i, key -> new ArrayList<>()).add(i);
        }
        for (String name : groups.keySet()) {
            System.out.println(name + "=" + groups.get(name) + fibonacci(10));
        }
        try {
            while (in.hasNextInt() && sum != 0) {
                sum ^= in.nextInt();
            }
        } catch (IllegalStateException error) {
            System.out.printf("%s %d%n", error.getMessage(), sum);
        }
        Shape shape = new Circle(1.5);
        groups.forEach((name, list) -> System.out.println(shape.area() + list.stream().count()));
    }
}
