/* ask: questions to the operator. One is asked at a time; the rest wait their turn. The terminal is
 * left in its own line mode, so that editing a line works; only a secret turns its echo off, for as
 * long as it is asked for.
 *
 * What was typed before a question was shown is thrown away: an impatient Enter confirms nothing.
 * Limits: 1024 bytes an answer. */
#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "run/internal.h"

#define MAX_ANSWER_BYTES ((size_t)1024)
#define MAX_PROMPT_BYTES ((size_t)64 << 10)

/* One of several answers: its key or its name is typed. */
struct choice {
    struct gw_view key, name;
};

struct gw_run_question {
    struct gw_run_question *next;
    struct gw_run *run;
    struct gw_wait *wait;
    struct gw_watch *watch; /* NULL: not being asked */
    bool confirms;          /* else it asks for a text */
    bool secret;            /* the text is not shown while it is typed */
    struct termios shown;   /* of a secret one that is being asked: the terminal as it was */
    struct gw_view text, word, fallback;
    struct choice *choices; /* of a question that offers some; in the arena of the binding */
    size_t choice_count, chosen;
    char answer[MAX_ANSWER_BYTES + 1];
    size_t answer_len;

    bool yes;
    struct gw_err err; /* no answer came, or the operator stops */
};

static void ask_next(struct gw_run *run);

/* ---- the terminal ---------------------------------------------------------------------------- */

static void write_all(int fd, struct gw_view text)
{
    while (text.len > 0) {
        ssize_t written = write(fd, text.data, text.len);
        if (written < 0 && errno != EINTR) {
            return;
        }
        text = gw_view_sub(text, written > 0 ? (size_t)written : 0, text.len);
    }
}

/* "     [r]etry, [s]kip, [e]dit a parameter: " */
static void add_choices(const struct gw_run_question *question, struct gw_buf *prompt)
{
    for (size_t i = 0; i < question->choice_count; i++) {
        const struct choice *choice = &question->choices[i];
        bool begins = gw_view_starts_with(choice->name, choice->key);
        gw_buf_addf(prompt, "%s[%.*s]%s%.*s", i > 0 ? ", " : "\n     ", GW_VIEW_ARGS(choice->key),
                    begins ? "" : " ",
                    GW_VIEW_ARGS(gw_view_sub(choice->name, begins ? choice->key.len : 0, GW_NPOS)));
    }
    gw_buf_add_text(prompt, ": ");
}

static void show(const struct gw_run_question *question)
{
    struct gw_run *run = question->run;
    struct gw_buf prompt;
    gw_buf_init(&prompt, MAX_PROMPT_BYTES);
    gw_report_question(run->options.report, question->text, &prompt);
    if (question->choices) {
        add_choices(question, &prompt);
    } else if (!question->confirms) {
        if (question->fallback.len > 0) {
            gw_buf_add_text(&prompt, " [");
            gw_report_plain(question->fallback, &prompt);
            gw_buf_add_char(&prompt, ']');
        }
        gw_buf_add_text(&prompt, ": ");
    } else if (question->word.len > 0) {
        gw_buf_add_text(&prompt, "\n     type '");
        gw_report_plain(question->word, &prompt);
        gw_buf_add_text(&prompt, "' to go on, anything else to stop: ");
    } else {
        gw_buf_add_text(&prompt, "\n     go on? [y]es, [n]o, yes to [a]ll, [q]uit: ");
    }
    tcflush(run->options.terminal_fd, TCIFLUSH);
    write_all(run->options.terminal_fd, gw_buf_view(&prompt));
    gw_buf_clear(&prompt);
}

/* The newline is echoed still. False: what is typed would be seen. */
static bool hide_typing(struct gw_run_question *question)
{
    int fd = question->run->options.terminal_fd;
    if (tcgetattr(fd, &question->shown) != 0) {
        return false;
    }
    struct termios hidden = question->shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    hidden.c_lflag |= ECHONL;
    return tcsetattr(fd, TCSAFLUSH, &hidden) == 0;
}

static void show_typing(struct gw_run_question *question)
{
    tcsetattr(question->run->options.terminal_fd, TCSAFLUSH, &question->shown);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void tell_confirmed(struct gw_run *run, struct gw_view text, const char *answered)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value event = gw_value_map();
    *gw_map_add(arena, &event, GW_VIEW("event")) = gw_value_text("step.confirm");
    if (run->step_id) {
        *gw_map_add(arena, &event, GW_VIEW("step")) = gw_value_text(run->step_id);
    }
    *gw_map_add(arena, &event, GW_VIEW("text")) = gw_value_string(text);
    *gw_map_add(arena, &event, GW_VIEW("answered")) = gw_value_text(answered);
    gw_run_emit(run, &event);
    gw_arena_free(arena);
}

static bool is_answer(struct gw_view answer, const char *word)
{
    return gw_view_equal_nocase(answer, gw_view_of(word)) ||
           gw_view_equal_nocase(answer, (struct gw_view){word, 1});
}

/* False: not understood, ask again. */
static bool read_confirmation(struct gw_run_question *question, struct gw_view answer)
{
    if (question->word.len > 0) {
        question->yes = gw_view_equal(answer, question->word);
        return true;
    }
    if (is_answer(answer, "quit")) {
        gw_fail(&question->err, GW_ERR_DENIED, "stopped by the operator");
        return true;
    }
    question->run->answer_all = is_answer(answer, "all");
    question->yes = question->run->answer_all || is_answer(answer, "yes");
    return question->yes || is_answer(answer, "no");
}

/* False: not understood, ask again. */
static bool read_choice(struct gw_run_question *question, struct gw_view answer)
{
    for (size_t i = 0; i < question->choice_count; i++) {
        if (gw_view_equal_nocase(answer, question->choices[i].key) ||
            gw_view_equal_nocase(answer, question->choices[i].name)) {
            question->chosen = i;
            return true;
        }
    }
    return false;
}

/* One terminal, one queue, also for the runs that are steps of others. */
static struct gw_run *root_of(struct gw_run *run)
{
    while (run->parent) {
        run = run->parent;
    }
    return run;
}

static void drop(struct gw_run_question *question)
{
    struct gw_run_question **link = &root_of(question->run)->questions;
    while (*link != question) {
        link = &(*link)->next;
    }
    *link = question->next;
    if (question->watch) {
        gw_watch_stop(question->watch);
        question->watch = NULL;
        if (question->secret) {
            show_typing(question);
        }
    }
}

static void answered(struct gw_run_question *question)
{
    struct gw_run *run = question->run;
    drop(question);
    if (question->confirms) {
        tell_confirmed(run, question->text, question->yes ? "yes" : "no");
    }
    gw_wait_finish(question->wait);
    ask_next(run);
}

/* False: not understood, another line is needed. */
static bool line_came(struct gw_run_question *question, struct gw_view line)
{
    struct gw_view answer = gw_view_trim(line);
    bool understood = question->choices    ? read_choice(question, answer)
                      : question->confirms ? read_confirmation(question, answer)
                                           : true;
    if (understood) {
        answered(question);
        return true;
    }
    question->answer_len = 0;
    write_all(question->run->options.terminal_fd, question->choices
                                                      ? GW_VIEW("     one of the letters: ")
                                                      : GW_VIEW("     y, n, a or q: "));
    return false;
}

static void input_ended(struct gw_run_question *question)
{
    write_all(question->run->options.terminal_fd, GW_VIEW("\n"));
    question->answer_len = 0;
    if (!question->confirms || question->choices) {
        gw_fail(&question->err, GW_ERR_DENIED, "'%.*s': no answer came",
                GW_VIEW_ARGS(question->text));
    }
    answered(question);
}

static void on_readable(void *ctx, int events)
{
    struct gw_run_question *question = ctx;
    char *end = question->answer + question->answer_len;
    (void)events;
    ssize_t len =
        read(question->run->options.terminal_fd, end, MAX_ANSWER_BYTES - question->answer_len);
    if (len < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (len <= 0) {
        input_ended(question);
        return;
    }
    question->answer_len += (size_t)len;
    struct gw_view text = {question->answer, question->answer_len};
    size_t line_end = gw_view_find_char(text, '\n');
    if (line_end != GW_NPOS || question->answer_len == MAX_ANSWER_BYTES) {
        question->answer_len = line_end != GW_NPOS ? line_end : question->answer_len;
        line_came(question, gw_view_sub(text, 0, question->answer_len));
    }
}

/* One prepared line; false: there is none. */
static bool take_prepared(struct gw_run_question *question)
{
    const struct gw_run_options *options = &question->run->options;
    struct gw_buf line;
    gw_buf_init(&line, MAX_ANSWER_BYTES);
    bool given = options->answer(options->answer_ctx, question->text, &line);
    question->answer_len = line.len;
    memcpy(question->answer, gw_buf_view(&line).data, line.len);
    gw_buf_clear(&line);
    return given;
}

/* By who stands in for the operator. */
static void answer_prepared(struct gw_run_question *question)
{
    while (take_prepared(question)) {
        if (line_came(question, (struct gw_view){question->answer, question->answer_len})) {
            return;
        }
    }
    if (question->confirms || question->fallback.len == 0) {
        gw_fail(&question->err, GW_ERR_DENIED, "'%.*s': no answer came",
                GW_VIEW_ARGS(question->text));
    }
    input_ended(question);
}

static void ask_next(struct gw_run *run)
{
    struct gw_run_question *question = root_of(run)->questions;
    if (!question || question->watch) {
        return;
    }
    if (run->options.answer) {
        answer_prepared(question);
        return;
    }
    if (run->options.report) {
        gw_report_settle(run->options.report);
    }
    if (question->secret && !hide_typing(question)) {
        gw_fail(&question->err, GW_ERR_IO,
                "'%.*s': not asked, the terminal cannot hide what is typed",
                GW_VIEW_ARGS(question->text));
        answered(question);
        return;
    }
    show(question);
    question->watch = gw_watch_start(run->options.loop, run->options.terminal_fd, GW_WATCH_READ,
                                     on_readable, question);
}

/* ---- waiting for them ------------------------------------------------------------------------ */

static int push_answer(lua_State *L, void *ctx)
{
    struct gw_run_question *question = ctx;
    struct gw_view typed = gw_view_trim((struct gw_view){question->answer, question->answer_len});
    if (question->err.code != GW_ERR_NONE) {
        return gw_push_fail(L, &question->err);
    }
    if (question->choices) {
        gw_push_view(L, question->choices[question->chosen].name);
    } else if (question->confirms) {
        lua_pushboolean(L, question->yes);
    } else if (question->secret) {
        gw_push_secret(L, (struct gw_view){question->answer, question->answer_len});
        gw_wipe(question->answer, sizeof question->answer);
    } else {
        gw_push_view(L, typed.len > 0 ? typed : question->fallback);
    }
    return 1;
}

static void cancel_question(void *ctx)
{
    struct gw_run_question *question = ctx;
    if (question->watch) {
        write_all(question->run->options.terminal_fd, GW_VIEW("\n"));
    }
    drop(question);
    if (question->run->stop == GW_STOP_NONE) {
        ask_next(question->run);
    }
}

/* Text of a field of the table at index 1, on the stack from here on. */
static struct gw_view field(lua_State *L, const char *name)
{
    struct gw_view text = GW_VIEW_NONE;
    if (lua_getfield(L, 1, name) != LUA_TNIL) {
        text.data = luaL_checklstring(L, -1, &text.len);
    }
    return text;
}

static int put(lua_State *L, struct gw_run *run, struct gw_run_question *question)
{
    struct gw_run_question **link = &root_of(run)->questions;
    question->run = run;
    question->wait = gw_wait_push(L, push_answer, cancel_question, question);
    while (*link) {
        link = &(*link)->next;
    }
    *link = question;
    ask_next(run);
    return gw_task_await(L, question->wait);
}

bool gw_run_can_ask(const struct gw_run *run)
{
    return run->options.terminal_fd >= 0 || run->options.answer;
}

static int fail_no_terminal(lua_State *L, const struct gw_run *run, struct gw_view text,
                            const char *advice)
{
    struct gw_err err = {0};
    gw_fail(&err, GW_ERR_DENIED, "%s '%.*s' needs an answer, and there is no terminal: %s",
            run->step_id ? "step" : "question",
            GW_VIEW_ARGS(run->step_id ? gw_view_of(run->step_name) : text), advice);
    return gw_push_fail(L, &err);
}

/* confirm{ text=, word= } -> boolean | nil, err */
int gw_run_lua_confirm(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct gw_view text = field(L, "text"), word = field(L, "word");
    if (run->options.read_only) { /* what would be refused need not be asked */
        struct gw_err err = {0};
        struct gw_view name = run->step_id ? gw_view_of(run->step_name) : text;
        gw_run_refuse_change(gw_arena_printf(gw_push_arena(L), "step '%.*s'", GW_VIEW_ARGS(name)),
                             &err);
        return gw_push_fail(L, &err);
    }
    if (run->options.assume_yes || (run->answer_all && word.len == 0)) {
        tell_confirmed(run, text, "assumed");
        lua_pushboolean(L, true);
        return 1;
    }
    if (!gw_run_can_ask(run)) {
        return fail_no_terminal(L, run, text,
                                "add --yes to confirm every change, or --plan to change nothing");
    }
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_run_question *question = gw_arena_alloc(arena, sizeof *question);
    question->confirms = true;
    question->text = text;
    question->word = word;
    return put(L, run, question);
}

static void read_choices(lua_State *L, struct gw_arena *arena, struct gw_run_question *question)
{
    lua_getfield(L, 1, "choices");
    luaL_checktype(L, -1, LUA_TTABLE);
    question->choice_count = (size_t)luaL_len(L, -1);
    question->choices =
        gw_arena_alloc(arena, (question->choice_count + 1) * sizeof *question->choices);
    for (size_t i = 0; i < question->choice_count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        lua_getfield(L, -1, "key");
        lua_getfield(L, -2, "name");
        question->choices[i] = (struct choice){gw_arena_dup(arena, gw_check_view(L, -2)),
                                               gw_arena_dup(arena, gw_check_view(L, -1))};
        lua_pop(L, 3);
    }
    lua_pop(L, 1);
}

/* choose{ text=, choices={ { key=, name= }, ... } } -> the name chosen | nil, err */
int gw_run_lua_choose(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct gw_view text = field(L, "text");
    if (!gw_run_can_ask(run)) {
        return fail_no_terminal(L, run, text, "answer it with a flag");
    }
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_run_question *question = gw_arena_alloc(arena, sizeof *question);
    question->text = text;
    read_choices(L, arena, question);
    return put(L, run, question);
}

/* ask{ text=, default=, secret= } -> text, or a secret | nil, err */
int gw_run_lua_ask(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct gw_view text = field(L, "text"), fallback = field(L, "default");
    bool alone = run->options.assume_yes || !gw_run_can_ask(run);
    lua_getfield(L, 1, "secret");
    bool secret = lua_toboolean(L, -1);
    if (alone && fallback.data) {
        gw_push_view(L, fallback);
        return 1;
    }
    if (!gw_run_can_ask(run)) {
        return fail_no_terminal(L, run, text, "give it as a parameter");
    }
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_run_question *question = gw_arena_alloc(arena, sizeof *question);
    question->text = text;
    question->fallback = fallback;
    question->secret = secret;
    return put(L, run, question);
}
