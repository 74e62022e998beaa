import { Handle } from '@kontor/bus';
import { addProjectMember, type InputOf, listProjectMembers, removeProjectMember } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { ProjectService } from './project.service.js';

@Controller()
export class ProjectController {
  constructor(private readonly projects: ProjectService) {}

  @Handle(addProjectMember) addMember(input: InputOf<typeof addProjectMember>) {
    return this.projects.addMember(input);
  }
  @Handle(removeProjectMember) removeMember(input: InputOf<typeof removeProjectMember>) {
    return this.projects.removeMember(input);
  }
  @Handle(listProjectMembers) members(input: InputOf<typeof listProjectMembers>) {
    return this.projects.members(input);
  }
}
