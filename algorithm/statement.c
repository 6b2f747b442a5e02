#include "algorithm/statement.h"

static const struct pm_operand NO_OPERAND = {.kind = PM_KIND_NONE};

static struct pm_statement no_statement(const char *reason)
{
    return (struct pm_statement){.kind = PM_STATEMENT_NONE, .reason = reason};
}

static struct pm_statement begin(enum pm_op op, struct pm_operand out)
{
    return (struct pm_statement){
        .kind = PM_STATEMENT_INSTRUCTION,
        .instruction = {.op = (uint8_t)op, .out = out, .a = NO_OPERAND, .b = NO_OPERAND},
    };
}

/* What follows a complete statement is ignored, but not in silence. */
static struct pm_statement finish(struct pm_statement statement, struct pm_cursor *cursor)
{
    pm_skip_blanks(cursor);
    if (!pm_at_end(cursor) && statement.reason == NULL) {
        statement.reason = "the text after the complete statement is ignored";
    }
    return statement;
}

static bool at_operator(const struct pm_cursor *cursor)
{
    if (pm_at_end(cursor)) {
        return false;
    }
    char c = *cursor->at;
    return c == '+' || c == '-' || c == '*' || c == '/';
}

/* DOT with a matrix in front of a vector or matrix is how MATMUL is written. */
static enum pm_op meant_op(enum pm_op op, struct pm_operand a, struct pm_operand b)
{
    bool matrix_product = a.kind == PM_KIND_MATRIX && b.kind != PM_KIND_SCALAR;
    return op == PM_OP_DOT && matrix_product ? PM_OP_MATMUL : op;
}

/* R = number */
static struct pm_statement read_constant(struct pm_operand out, float number,
                                         struct pm_cursor *cursor)
{
    struct pm_statement statement = begin(PM_OP_CONST, out);
    statement.instruction.c0 = number;
    pm_skip_blanks(cursor);
    if (at_operator(cursor)) {
        return no_statement("a number cannot be an operand; put it into a register first");
    }
    return finish(statement, cursor);
}

/* vN[i] = number, from the bracket on. */
static struct pm_statement read_element(struct pm_operand out, struct pm_cursor *cursor)
{
    struct pm_statement statement = begin(PM_OP_CONST_VEC, out);
    if (out.kind != PM_KIND_VECTOR) {
        return no_statement("only a vector's elements can be set");
    }
    if (!pm_take_index(cursor, &statement.instruction.element) || !pm_take_char(cursor, ']')) {
        return no_statement("expected an element's number and ']' after '['");
    }
    pm_skip_blanks(cursor);
    if (!pm_take_char(cursor, '=')) {
        return no_statement("expected '=' after the element");
    }
    pm_skip_blanks(cursor);
    if (!pm_take_number(cursor, &statement.instruction.c0)) {
        return no_statement("only a number can be put into an element");
    }
    pm_skip_blanks(cursor);
    if (at_operator(cursor)) {
        return no_statement("a number cannot be an operand; put it into a register first");
    }
    return finish(statement, cursor);
}

static enum pm_op infix_op(char symbol)
{
    switch (symbol) {
    case '+':
        return PM_OP_ADD;
    case '-':
        return PM_OP_SUB;
    case '*':
        return PM_OP_MUL;
    default:
        return PM_OP_DIV;
    }
}

/* R = R, or R = R + R, from the first operand's end on. */
static struct pm_statement read_expression(struct pm_operand out, struct pm_operand a,
                                           struct pm_cursor *cursor)
{
    if (!pm_at_end(cursor) && (pm_is_word(*cursor->at) || *cursor->at == '.' ||
                               *cursor->at == '(' || *cursor->at == '[')) {
        return no_statement("the right side is neither a register nor a number nor a function");
    }
    pm_skip_blanks(cursor);
    struct pm_statement statement = begin(PM_OP_COPY, out);
    statement.instruction.a = a;
    if (at_operator(cursor)) {
        statement.instruction.op = (uint8_t)infix_op(*cursor->at++);
        pm_skip_blanks(cursor);
        if (!pm_take_register(cursor, &statement.instruction.b)) {
            return no_statement("the second operand is not a register");
        }
    }
    return finish(statement, cursor);
}

/* The comma between two arguments and the blanks around it. */
static bool take_comma(struct pm_cursor *cursor)
{
    pm_skip_blanks(cursor);
    bool taken = pm_take_char(cursor, ',');
    pm_skip_blanks(cursor);
    return taken;
}

static bool take_closing(struct pm_cursor *cursor)
{
    pm_skip_blanks(cursor);
    return pm_take_char(cursor, ')');
}

/* (mean, std) of gaussian, (low, high) of uniform. */
static struct pm_statement read_random(enum pm_op op, struct pm_operand out,
                                       struct pm_cursor *cursor)
{
    struct pm_statement statement = begin(op, out);
    struct pm_instruction *instruction = &statement.instruction;
    if (!pm_take_number(cursor, &instruction->c0)) {
        return no_statement("gaussian and uniform take two numbers");
    }
    if (take_comma(cursor)) {
        if (!pm_take_number(cursor, &instruction->c1)) {
            return no_statement("gaussian and uniform take two numbers");
        }
    } else {
        instruction->c1 = 1.0F;
        statement.reason = "the missing second number is taken as 1";
    }
    if (!take_closing(cursor)) {
        return no_statement("expected ')' after the numbers");
    }
    return finish(statement, cursor);
}

/* heaviside(x, 1.0): the value at 0, which is 0 whatever it says. */
static bool take_ignored_argument(struct pm_cursor *cursor)
{
    float number;
    struct pm_operand operand;
    return pm_take_number(cursor, &number) || pm_take_register(cursor, &operand);
}

/* The register arguments of a function, from behind the parenthesis on. */
static struct pm_statement read_arguments(const struct pm_op_info *info, struct pm_operand out,
                                          struct pm_cursor *cursor)
{
    struct pm_statement statement = begin(info->op, out);
    struct pm_instruction *instruction = &statement.instruction;
    if (!pm_take_register(cursor, &instruction->a)) {
        return no_statement("the first argument is not a register");
    }
    bool another = take_comma(cursor);
    if (info->arity == 2 && !(another && pm_take_register(cursor, &instruction->b))) {
        return no_statement("the second argument is not a register");
    }
    if (info->op == PM_OP_HEAVISIDE && another && !take_ignored_argument(cursor)) {
        return no_statement("the second argument of heaviside is neither number nor register");
    }
    if (info->op != PM_OP_HEAVISIDE && info->arity == 1 && another) {
        return no_statement("the function takes one argument");
    }
    if (!take_closing(cursor)) {
        return no_statement("expected ')' after the arguments");
    }
    instruction->op = (uint8_t)meant_op(info->op, instruction->a, instruction->b);
    return finish(statement, cursor);
}

/* R = f(...), from the name on. */
static struct pm_statement read_call(struct pm_operand out, struct pm_cursor *cursor)
{
    const char *name;
    size_t length;
    if (!pm_take_name(cursor, &name, &length)) {
        return no_statement("the right side is neither a register nor a number nor a function");
    }
    if (!pm_take_char(cursor, '(')) {
        return no_statement("the right side is neither a register nor a number nor a function");
    }
    const struct pm_op_info *info = pm_op_find(name, length);
    if (info == NULL) {
        return no_statement("there is no function of this name");
    }
    pm_skip_blanks(cursor);
    if (info->form == PM_FORM_RANDOM) {
        return read_random(info->op, out, cursor);
    }
    return read_arguments(info, out, cursor);
}

/* R = ..., from behind the register on. */
static struct pm_statement read_assignment(struct pm_operand out, struct pm_cursor *cursor)
{
    if (pm_take_char(cursor, '[')) {
        return read_element(out, cursor);
    }
    pm_skip_blanks(cursor);
    if (!pm_take_char(cursor, '=')) {
        return no_statement("expected '=' after the register");
    }
    pm_skip_blanks(cursor);
    float number;
    if (pm_take_number(cursor, &number)) {
        return read_constant(out, number, cursor);
    }
    struct pm_operand a;
    if (pm_take_register(cursor, &a)) {
        return read_expression(out, a, cursor);
    }
    return read_call(out, cursor);
}

/* "-> R", the end of the arrow form. */
static struct pm_statement finish_arrow(struct pm_statement statement, struct pm_cursor *cursor)
{
    pm_skip_blanks(cursor);
    if (!pm_take_word(cursor, "->")) {
        return no_statement("expected '->' and a register after the operands");
    }
    pm_skip_blanks(cursor);
    if (!pm_take_register(cursor, &statement.instruction.out)) {
        return no_statement("expected a register after '->'");
    }
    return finish(statement, cursor);
}

/* CONST x -> R, from behind the name on. */
static struct pm_statement read_arrow_constant(struct pm_cursor *cursor)
{
    struct pm_statement statement = begin(PM_OP_CONST, NO_OPERAND);
    pm_skip_blanks(cursor);
    if (!pm_take_number(cursor, &statement.instruction.c0)) {
        return no_statement("CONST takes a number");
    }
    return finish_arrow(statement, cursor);
}

/* CONST x -> R, OP a -> R, OP a b -> R: how statements were written once. */
static struct pm_statement read_arrow(struct pm_cursor *cursor)
{
    struct pm_cursor operands = *cursor;
    if (pm_take_word(&operands, "const") && !pm_at_end(&operands) && pm_is_blank(*operands.at)) {
        return read_arrow_constant(&operands);
    }

    const char *name;
    size_t length;
    const struct pm_op_info *info = NULL;
    if (pm_take_name(cursor, &name, &length)) {
        info = pm_op_find(name, length);
    }
    if (info == NULL || info->arity == 0) {
        return no_statement("neither an assignment to a register nor an operation");
    }
    struct pm_statement statement = begin(info->op, NO_OPERAND);
    struct pm_instruction *instruction = &statement.instruction;
    pm_skip_blanks(cursor);
    if (!pm_take_register(cursor, &instruction->a)) {
        return no_statement("the first operand is not a register");
    }
    pm_skip_blanks(cursor);
    if (info->arity == 2 && !pm_take_register(cursor, &instruction->b)) {
        return no_statement("the second operand is not a register");
    }
    instruction->op = (uint8_t)meant_op(info->op, instruction->a, instruction->b);
    return finish_arrow(statement, cursor);
}

struct pm_statement pm_statement_read(struct pm_cursor cursor)
{
    struct pm_cursor start = cursor;
    if (pm_take_word(&cursor, "noop()")) {
        struct pm_statement noop = {.kind = PM_STATEMENT_NOOP};
        return finish(noop, &cursor);
    }
    struct pm_operand out;
    if (pm_take_register(&cursor, &out)) {
        return read_assignment(out, &cursor);
    }
    return read_arrow(&start);
}
