package world;

import java.util.Set;
import java.util.TreeSet;

public final class Adventure {
    private final Room lamp;
    private final Set<String> carried = new TreeSet<>();
    private Room here;
    private int moves;
    private boolean over;

    private Adventure(Room start, Room lamp) {
        this.here = start;
        this.lamp = lamp;
    }

    /** Bring matches to the lamp at the top of the lighthouse. */
    public static Adventure lighthouse() {
        Room beach = new Room("A dark beach.", "driftwood");
        Room hall = new Room("The hall of a lighthouse.");
        Room cellar = new Room("A dry cellar.", "matches", "rope");
        Room lamp = new Room("The lamp room. The lamp is out.");
        beach.join(Direction.NORTH, hall);
        hall.join(Direction.DOWN, cellar);
        hall.join(Direction.UP, lamp);
        return new Adventure(beach, lamp);
    }

    public String perform(String line) {
        String[] words = line.toLowerCase().split("\\s+", 2);
        String thing = words.length > 1 ? words[1] : "";
        moves++;
        return switch (words[0]) {
            case "look" -> look();
            case "take" -> take(thing);
            case "light" -> light(thing);
            case "go" -> go(Direction.parse(thing));
            case "quit" -> {
                over = true;
                yield "You walk home.";
            }
            default -> "You cannot " + words[0] + " here.";
        };
    }

    public String look() {
        return here.describe();
    }

    public boolean isOver() {
        return over;
    }

    public int moves() {
        return moves;
    }

    private String go(Direction direction) {
        Room next = direction == null ? null : here.exit(direction);
        if (next == null) return "There is no way in that direction.";
        here = next;
        return look();
    }

    private String take(String thing) {
        if (!here.things.remove(thing)) return "There is no " + thing + " here.";
        carried.add(thing);
        return "You carry: " + String.join(", ", carried) + ".";
    }

    private String light(String thing) {
        if (here != lamp || !thing.equals("lamp")) return "That would only make smoke.";
        if (!carried.contains("matches")) return "You have nothing to light it with.";
        over = true;
        return "The lamp burns. Far out a ship turns away from the rocks. You have won.";
    }
}
