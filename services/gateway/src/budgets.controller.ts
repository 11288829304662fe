import { Controller, Get, Inject } from '@nestjs/common';
import { BUDGET, type Budget } from '@spillway/store/budget';
import { budgetsJson } from './budgets-view.js';

/** What leaves: how far the budget is used. */
@Controller('/v1/budgets')
export class BudgetsController {
  constructor(@Inject(BUDGET) private readonly budget: Budget | null) {}

  @Get()
  async read(): Promise<object> {
    return budgetsJson(this.budget === null ? [] : await this.budget.usage());
  }
}
