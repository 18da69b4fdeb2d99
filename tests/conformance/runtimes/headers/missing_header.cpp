#include <iostream>
#include "nothere.h"
int main(){ }
