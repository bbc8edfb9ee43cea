using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Parcae.Dashboard.Tests;

/// <summary>Debian's Chromium, driven by Playwright. Whatever page it opens is watched: an error in its console, or a request to another host, fails the test.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    private static string? Program { get; } = Places.FirstOrDefault(File.Exists);

    public async ValueTask InitializeAsync()
    {
        if (Program is null) return;
        SetDefaultExpectTimeout(WatchedPage.Limit);
        _playwright = await Playwright.CreateAsync();
        // Where everything runs as root, as in a container, Chromium refuses its sandbox.
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = Environment.UserName == "root" ? ["--no-sandbox"] : [] });
    }

    /// <summary>Opens a page with nobody's cookies.</summary>
    /// <param name="address">The host that it may ask.</param>
    /// <param name="width">Of the window, pixels.</param>
    /// <param name="height">Of the window, pixels.</param>
    public async Task<WatchedPage> OpenAsync(Uri address, int width = 1280, int height = 900)
    {
        Assert.SkipWhen(_browser is null, $"There is no Chromium at {string.Join(", ", Places)} (Debian: apt-get install chromium): nothing to look at the dashboard with.");
        var context = await _browser!.NewContextAsync(new() { BaseURL = address.ToString(), ViewportSize = new() { Width = width, Height = height }, ColorScheme = ColorScheme.Light });
        context.SetDefaultTimeout(WatchedPage.Limit);
        return new WatchedPage(await context.NewPageAsync(), address);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
