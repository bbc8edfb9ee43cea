using Parcae.Cli.Live;

using Spectre.Console;

namespace Parcae.Cli.Demo.View;

/// <summary>A picture that is drawn again a few times a second, on a terminal.</summary>
internal sealed class LiveView(IAnsiConsole console, DemoProgress progress) : IDemoView
{
    /// <inheritdoc/>
    public Task RunAsync(CancellationToken stop) => LiveScreen.RunAsync(console, (width, height) => LivePicture.Of(progress.Snapshot(), width, height), stop);
}
