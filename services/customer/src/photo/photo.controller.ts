import { Handle } from '@kontor/bus';
import { choosePhoto, deletePhoto, getPhoto, type InputOf, setPhoto, suggestPhotos } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { PhotoService } from './photo.service.js';

@Controller()
export class PhotoController {
  constructor(private readonly photos: PhotoService) {}

  @Handle(getPhoto) get(input: InputOf<typeof getPhoto>) {
    return this.photos.get(input);
  }
  @Handle(setPhoto) set(input: InputOf<typeof setPhoto>) {
    return this.photos.set(input);
  }
  @Handle(choosePhoto) choose(input: InputOf<typeof choosePhoto>) {
    return this.photos.choose(input);
  }
  @Handle(deletePhoto) delete(input: InputOf<typeof deletePhoto>) {
    return this.photos.delete(input);
  }
  @Handle(suggestPhotos) suggest(input: InputOf<typeof suggestPhotos>) {
    return this.photos.suggest(input);
  }
}
