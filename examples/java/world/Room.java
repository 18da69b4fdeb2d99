package world;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

final class Room {
    private final String description;
    private final Map<Direction, Room> exits = new EnumMap<>(Direction.class);
    final Set<String> things = new TreeSet<>();

    Room(String description, String... things) {
        this.description = description;
        this.things.addAll(Set.of(things));
    }

    void join(Direction direction, Room other) {
        exits.put(direction, other);
        other.exits.put(direction.opposite(), this);
    }

    Room exit(Direction direction) {
        return exits.get(direction);
    }

    String describe() {
        String here = things.isEmpty() ? "" : " You see: " + String.join(", ", things) + ".";
        return description + here + " Ways: " + exits.keySet() + ".";
    }
}
