/* The commands: one file each. argv[0] is the command's name; they return the exit status. */
#ifndef IOLAUS_CLI_COMMANDS_H
#define IOLAUS_CLI_COMMANDS_H

int command_agent(int argc, char **argv);
int command_audit(int argc, char **argv);
int command_certificate(int argc, char **argv);
int command_check(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_down(int argc, char **argv);
int command_drill(int argc, char **argv);
int command_protocol(int argc, char **argv);
int command_order(int argc, char **argv);
int command_pause(int argc, char **argv);
int command_permit(int argc, char **argv);
int command_renew(int argc, char **argv);
int command_resume(int argc, char **argv);
int command_stop(int argc, char **argv);
int command_ps(int argc, char **argv);
int command_sim(int argc, char **argv);
int command_study(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_up(int argc, char **argv);

#endif
