#pragma once
#include <compare>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

struct Place {
    int row, column;
    auto operator<=>(const Place &) const = default;
};

// '#' is a wall, 'A' the start, 'B' the goal.
class Maze {
  public:
    explicit Maze(std::istream &input);

    std::optional<std::vector<Place>> solve() const;
    void mark(const std::vector<Place> &way);
    friend std::ostream &operator<<(std::ostream &output, const Maze &maze);

  private:
    Place find(char wanted) const;
    bool is_free(Place place) const;

    std::vector<std::string> rows;
};
