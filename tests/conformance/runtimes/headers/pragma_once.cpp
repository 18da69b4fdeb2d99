#pragma once
#include <iostream>
int main(){ }
