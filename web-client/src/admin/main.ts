import { mount } from 'svelte';
import '../look/base.css';
import { speak } from '../texts';
import App from './App.svelte';

await speak();
mount(App, { target: document.getElementById('app')! });
