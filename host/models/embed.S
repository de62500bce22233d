/* embed: puts the compiled models, AWS's partitions and the rules of effects into the program's
 * read-only data.
 * Written for the GNU assembler of gcc and of clang, ELF, any processor. */

.macro embed name, file
    .section .rodata.\name, "a", %progbits
    .balign 16
    .globl \name
    .hidden \name
    .type \name, %object
\name:
    .incbin "\file"
    .size \name, . - \name
    .globl \name\()_end
    .hidden \name\()_end
    .type \name\()_end, %object
\name\()_end:
    .byte 0
.endm

    embed gw_models_blob, GW_MODELS_FILE
    embed gw_partitions_blob, GW_PARTITIONS_FILE
    embed gw_rules_blob, GW_RULES_FILE

    .section .note.GNU-stack, "", %progbits
