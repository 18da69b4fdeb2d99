// Finds the shortest way through the maze in maze.txt.
// Run it: runyard run examples/cpp
#include <fstream>
#include <iostream>

#include "maze.hpp"

int main() {
    std::ifstream file("maze.txt");
    if (!file) {
        std::cerr << "maze.txt is missing\n";
        return 2;
    }
    Maze maze(file);
    auto way = maze.solve();
    if (!way) {
        std::cout << "There is no way.\n";
        return 1;
    }
    maze.mark(*way);
    std::cout << maze << way->size() - 1 << " steps\n";
}
