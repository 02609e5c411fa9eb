#include "cli/commands.h"

#include <iterator>

namespace landwaiter::cli {

// One declaration and one row a command, in the order in which --help lists them.
void AddScanCommand(CLI::App& parent, int& exit_code);
void AddDiffCommand(CLI::App& parent, int& exit_code);
void AddExplainCommand(CLI::App& parent, int& exit_code);
void AddPolicyCommand(CLI::App& parent, int& exit_code);
void AddDbCommand(CLI::App& parent, int& exit_code);
void AddVersionsCommand(CLI::App& parent, int& exit_code);
void AddCertsCommand(CLI::App& parent, int& exit_code);
void AddFalcoCommand(CLI::App& parent, int& exit_code);
void AddDoctorCommand(CLI::App& parent, int& exit_code);
void AddDisarmCommand(CLI::App& parent, int& exit_code);
void AddArmCommand(CLI::App& parent, int& exit_code);
void AddImagesCommand(CLI::App& parent, int& exit_code);
void AddReportCommand(CLI::App& parent, int& exit_code);
void AddCheckCommand(CLI::App& parent, int& exit_code);
void AddQueryCommand(CLI::App& parent, int& exit_code);
void AddRequestCommand(CLI::App& parent, int& exit_code);
void AddSystemCommand(CLI::App& parent, int& exit_code);
void AddWebhookCommand(CLI::App& parent, int& exit_code);
void AddControllerCommand(CLI::App& parent, int& exit_code);
void AddScannerCommand(CLI::App& parent, int& exit_code);

namespace {
constexpr Command kCommands[] = {
    {AddScanCommand},   {AddDiffCommand},     {AddExplainCommand},    {AddPolicyCommand},
    {AddDbCommand},     {AddFalcoCommand},    {AddDoctorCommand},     {AddDisarmCommand},
    {AddArmCommand},    {AddVersionsCommand}, {AddCertsCommand},      {AddImagesCommand},
    {AddReportCommand}, {AddCheckCommand},    {AddQueryCommand},      {AddRequestCommand},
    {AddSystemCommand}, {AddWebhookCommand},  {AddControllerCommand}, {AddScannerCommand},
};
}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace landwaiter::cli
