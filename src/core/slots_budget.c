#include "core/slots_budget.h"

#include "core/slots.h"

void slots_budget_earn(struct slots *slots)
{
    if (slots->retry_budget < SLOTS_BUDGET_MAX)
        slots->retry_budget++;
}

bool slots_budget_spend(struct slots *slots)
{
    if (slots->retry_budget < SLOTS_BUDGET_COST)
        return false;
    slots->retry_budget -= SLOTS_BUDGET_COST;
    return true;
}
