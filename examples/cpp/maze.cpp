#include "maze.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <ranges>
#include <stdexcept>

Maze::Maze(std::istream &input) {
    for (std::string row; std::getline(input, row);) rows.push_back(row);
}

std::optional<std::vector<Place>> Maze::solve() const {
    const Place start = find('A'), goal = find('B');
    std::map<Place, Place> came_from{{start, start}};
    std::queue<Place> waiting{{start}};
    while (!waiting.empty()) {
        const Place here = waiting.front();
        waiting.pop();
        if (here == goal) break;
        for (auto [down, right] : {Place{-1, 0}, Place{0, 1}, Place{1, 0}, Place{0, -1}}) {
            const Place next{here.row + down, here.column + right};
            if (is_free(next) && came_from.emplace(next, here).second) waiting.push(next);
        }
    }
    if (!came_from.contains(goal)) return std::nullopt;
    std::vector<Place> way{goal};
    while (way.back() != start) way.push_back(came_from.at(way.back()));
    std::ranges::reverse(way);
    return way;
}

void Maze::mark(const std::vector<Place> &way) {
    for (const Place place : way) {
        char &cell = rows[place.row][place.column];
        if (cell == ' ') cell = '.';
    }
}

std::ostream &operator<<(std::ostream &output, const Maze &maze) {
    for (const auto &row : maze.rows) output << row << '\n';
    return output;
}

Place Maze::find(char wanted) const {
    for (int row = 0; row < static_cast<int>(rows.size()); row++)
        if (auto column = rows[row].find(wanted); column != std::string::npos)
            return {row, static_cast<int>(column)};
    throw std::runtime_error(std::string("the maze has no ") + wanted);
}

bool Maze::is_free(Place place) const {
    return place.row >= 0 && place.row < static_cast<int>(rows.size()) && place.column >= 0 &&
           place.column < static_cast<int>(rows[place.row].size()) &&
           rows[place.row][place.column] != '#';
}
