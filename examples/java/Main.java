// A text adventure that reads commands.
// Run it: runyard run examples/java < examples/java/input.txt

import java.util.Scanner;
import world.Adventure;

public class Main {
    public static void main(String[] args) {
        Adventure adventure = Adventure.lighthouse();
        System.out.println(adventure.look());
        Scanner input = new Scanner(System.in);
        while (!adventure.isOver() && input.hasNextLine()) {
            String line = input.nextLine().strip();
            System.out.println("> " + line);
            System.out.println(adventure.perform(line));
        }
        System.out.printf("%d moves%n", adventure.moves());
    }
}
