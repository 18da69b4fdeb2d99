global _start
extern say

section .text
_start:
    call say
    mov rax, 60
    xor rdi, rdi
    syscall
