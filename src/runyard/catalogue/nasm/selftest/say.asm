global say

section .data
text: db "héllo ✓", 10
size: equ $ - text

section .text
say:
    mov rax, 1
    mov rdi, 1
    mov rsi, text
    mov rdx, size
    syscall
    ret
