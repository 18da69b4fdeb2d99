/* A megabyte of complaints from a page of source. */
#define ONE (void *)0 * "a string that is not a number and fills a line of complaint";
#define TEN ONE ONE ONE ONE ONE ONE ONE ONE ONE ONE
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
int main(void) { THOUSAND THOUSAND }
