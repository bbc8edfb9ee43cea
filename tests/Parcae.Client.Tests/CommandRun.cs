using Parcae.Cli.Commands;

namespace Parcae.Client.Tests;

/// <summary>A verb run in this process.</summary>
/// <param name="Code">Exit code.</param>
/// <param name="Output">What it printed.</param>
/// <param name="Error">What it complained of.</param>
internal sealed record CommandRun(int Code, string Output, string Error)
{
    /// <summary>Runs a command line; its words have no spaces.</summary>
    public static Task<CommandRun> RunAsync(string line, bool terminal = false) => RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), terminal);

    /// <summary>Runs a command line against a service that is not asked for by an address.</summary>
    public static Task<CommandRun> RunAsync(string line, IParcaeClient client, string? input = null, string? answers = null, bool terminal = false) =>
        RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), terminal, context => context with
        {
            Connect = (_, _) => Task.FromResult(client),
            Input = new StringReader(input ?? ""),
            Answers = answers is null ? null : new StringReader(answers),
        });

    /// <summary>Runs a command line of words.</summary>
    public static async Task<CommandRun> RunAsync(string[] words, bool terminal = false, Func<CommandContext, CommandContext>? change = null)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var context = new CommandContext(output, TextWriter.Synchronized(error), terminal);
        int code = await ParcaeCommand.RunAsync(words, change?.Invoke(context) ?? context, TestContext.Current.CancellationToken);
        return new CommandRun(code, output.ToString(), error.ToString());
    }
}
