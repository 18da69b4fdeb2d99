#incl\
ude <iostream>
int main(){ std::cout<<1;}
