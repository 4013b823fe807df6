/* slots_budget: the repetitions that an account may still make (slots.h), so that an outage is
   not amplified. Each first attempt adds a tenth of a repetition, up to SLOTS_BUDGET_MAX; each
   repetition takes a whole one, when there is one. An account starts with ten, so that its
   first calls survive a hiccup, and saves up a hundred. Under the lock. */
#pragma once
#include <stdbool.h>

struct slots;

enum { SLOTS_BUDGET_MAX = 1000, SLOTS_BUDGET_FIRST = 100, SLOTS_BUDGET_COST = 10 };
void slots_budget_earn(struct slots *slots);
bool slots_budget_spend(struct slots *slots);
