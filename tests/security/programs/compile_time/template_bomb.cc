// Twice as many instances with every level.
template <int Depth, int Way> struct Tree {
    using Left = typename Tree<Depth - 1, Way * 2>::Left;
    using Right = typename Tree<Depth - 1, Way * 2 + 1>::Right;
    static constexpr int size = Tree<Depth - 1, Way * 2>::size + Tree<Depth - 1, Way * 2 + 1>::size;
};
template <int Way> struct Tree<0, Way> {
    using Left = int;
    using Right = int;
    static constexpr int size = 1;
};
int main() { return Tree<24, 1>::size; }
