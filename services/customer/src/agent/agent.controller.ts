import { Handle } from '@kontor/bus';
import { type InputOf, listAgents, listTeams, listTenants, seeAgent } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { AgentService } from './agent.service.js';

@Controller()
export class AgentController {
  constructor(private readonly agents: AgentService) {}

  @Handle(seeAgent) see() {
    return this.agents.recordSeen();
  }
  @Handle(listAgents) list(input: InputOf<typeof listAgents>) {
    return this.agents.list(input);
  }
  @Handle(listTeams) listTeams(input: InputOf<typeof listTeams>) {
    return this.agents.listTeams(input);
  }
  @Handle(listTenants) listTenants() {
    return this.agents.listTenants();
  }
}
