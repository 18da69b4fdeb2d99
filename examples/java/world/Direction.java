package world;

enum Direction {
    NORTH,
    SOUTH,
    UP,
    DOWN;

    Direction opposite() {
        return switch (this) {
            case NORTH -> SOUTH;
            case SOUTH -> NORTH;
            case UP -> DOWN;
            case DOWN -> UP;
        };
    }

    static Direction parse(String word) {
        try {
            return valueOf(word.toUpperCase());
        } catch (IllegalArgumentException error) {
            return null;
        }
    }

    @Override
    public String toString() {
        return name().toLowerCase();
    }
}
