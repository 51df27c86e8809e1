import { mount } from 'svelte';
import '../look/base.css';
import { speech } from '../texts';
import App from './App.svelte';

await speech.begin();
mount(App, { target: document.getElementById('app')! });
