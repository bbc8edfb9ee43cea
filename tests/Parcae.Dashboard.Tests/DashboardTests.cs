using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Parcae.Dashboard.Tests;

/// <summary>The dashboard in a real browser, against a service of real processes.</summary>
public sealed partial class DashboardTests(Service service, Browser browser) : IClassFixture<Service>, IClassFixture<Browser>
{
    [Fact]
    public async Task A_kill_changes_the_grid_and_its_timeline_opens()
    {
        await service.FillAsync();
        await using var page = await browser.OpenAsync(service.Address);
        await page.LogInAsync(Service.Admin);
        await page.Page.GetByRole(AriaRole.Link, new() { Name = Service.Job, Exact = true }).First.ClickAsync();
        await page.HasPlacesAsync(p => p.Count == 4);
        var before = await page.Places.Locator("b").AllTextContentsAsync();
        string generation = (await page.Page.Locator(".places").GetAttributeAsync("data-generation"))!;

        service.Kill(before[1]);

        await page.HasPlacesAsync(p => p.Count > 0 && !p.Contains(before[1]));
        await Expect(page.Page.Locator(".places")).Not.ToHaveAttributeAsync("data-generation", generation);
        // Whoever hears of it first says in which words: its peers, or the membership.
        var row = page.Page.Locator(".generation").Filter(new() { HasTextRegex = new Regex($"{before[1]} (lost without notice|does not answer)") }).First;
        await row.ClickAsync();
        var timeline = page.Page.GetByRole(AriaRole.Dialog);
        await Expect(timeline.GetByRole(AriaRole.Heading, new() { NameRegex = GenerationTitle() })).ToBeVisibleAsync();
        foreach (string section in (string[])["What was done", "Why this plan", "Forecast", "Transfers", "Places"])
            await Expect(timeline.GetByRole(AriaRole.Heading, new() { Name = section, Exact = true })).ToBeVisibleAsync();
        foreach (string phase in (string[])["forecast", "plan", "halt", "assign", "prepare", "commit", "switch", "pause"])
            await Expect(timeline.Locator($".phase-{phase} .n")).ToHaveTextAsync(Time());
        await Expect(timeline.Locator("tr.chosen")).ToHaveCountAsync(1);
        await Expect(timeline.Locator(".small-grid .chip")).ToHaveCountAsync(await page.Places.CountAsync());
        await Expect(timeline.Locator(".ahead li")).ToHaveCountAsync(12);
        await page.KeepAsync("dashboard-timeline.png");
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(timeline).ToBeHiddenAsync();
        await Expect(row).ToBeFocusedAsync();
        await page.KeepAsync("dashboard-job-light.png", whole: true);
        await page.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await page.KeepAsync("dashboard-job-dark.png", whole: true);
        page.AssertClean();
    }

    [Fact]
    public async Task A_job_is_paused_and_resumed_after_a_question()
    {
        await using var page = await browser.OpenAsync(service.Address);
        await page.LogInAsync(Service.Admin);
        await page.Page.GotoAsync($"/#/jobs/{Service.Job}");
        await page.SaysAsync(".state .pill", "training");
        await page.Button("Pause").ClickAsync();
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(page.Button("Resume")).ToBeHiddenAsync();
        await page.Button("Pause").ClickAsync();
        await page.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Pause", Exact = true }).ClickAsync();
        await page.SaysAsync(".state .pill", "paused");
        await page.SaysAsync(".state .reason", "paused by the user");
        string step = (await page.Page.Locator(".figures b").First.TextContentAsync())!;
        await page.Button("Resume").ClickAsync();
        await page.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Resume", Exact = true }).ClickAsync();
        await page.SaysAsync(".state .pill", "training");
        await Expect(page.Page.Locator(".figures b").First).Not.ToHaveTextAsync(step);
        page.AssertClean();
    }

    [Fact]
    public async Task A_viewer_sees_everything_and_changes_nothing()
    {
        await using var page = await browser.OpenAsync(service.Address);
        await page.LogInAsync(Service.Viewer);
        await Expect(page.Page.Locator(".rows tbody tr").First).ToBeVisibleAsync();
        await Expect(page.Page.GetByRole(AriaRole.Button, new() { NameRegex = Drain() })).ToHaveCountAsync(0);
        await Expect(page.Page.Locator("#orleans")).ToBeHiddenAsync();
        await page.Page.GotoAsync($"/#/jobs/{Service.Job}");
        await page.HasPlacesAsync(p => p.Count > 0);
        await Expect(page.Page.Locator(".actions button")).ToHaveCountAsync(0);

        // The same session, past the page.
        foreach (string change in (string[])[$"/api/v1/jobs/{Service.Job}/cancel", $"/api/v1/jobs/{Service.Job}/pause", "/api/v1/fleet/instances/i-0001/drain"])
        {
            var refused = await page.Page.Context.APIRequest.PostAsync(change);
            Assert.Equal(403, refused.Status);
        }

        Assert.Equal(403, (await page.Page.Context.APIRequest.GetAsync("/orleans/")).Status);
        // A page cannot read the cookie.
        Assert.DoesNotContain("parcae-session", await page.Page.EvaluateAsync<string>("document.cookie"), StringComparison.Ordinal);
        await page.Button("Log out").ClickAsync();
        await Expect(page.Page.GetByLabel("Token")).ToBeVisibleAsync();
        Assert.Equal(401, (await page.Page.Context.APIRequest.GetAsync("/api/v1/jobs")).Status);
        page.AssertClean();
    }

    [Fact]
    public async Task An_instance_is_drained_after_a_question_and_the_grid_does_without_it()
    {
        await service.FillAsync();
        await using var page = await browser.OpenAsync(service.Address);
        await page.LogInAsync(Service.Admin);
        await page.Page.GotoAsync($"/#/jobs/{Service.Job}");
        await page.HasPlacesAsync(p => p.Count == 4);
        string id = (await page.Places.Locator("b").First.TextContentAsync())!;
        await page.Page.GotoAsync("/#/");
        await page.Button($"Drain {id}").ClickAsync();
        var question = page.Page.GetByRole(AriaRole.Dialog);
        await question.GetByLabel("Seconds until it will be gone").FillAsync("600");
        await question.GetByRole(AriaRole.Button, new() { Name = "Drain", Exact = true }).ClickAsync();
        await page.SaysAsync($"tr[data-instance='{id}'] .pill", "draining");
        await page.KeepAsync("dashboard-fleet.png", whole: true);
        await Expect(page.Page.Locator(".events .noticed").First).ToContainTextAsync($"{id} has a notice: drained by ada");
        await page.Page.GotoAsync($"/#/jobs/{Service.Job}");
        await page.HasPlacesAsync(p => p.Count > 0 && !p.Contains(id));
        service.Kill(id);
        page.AssertClean();
    }

    [Fact]
    public async Task The_page_works_by_keyboard_in_both_themes_and_on_a_phone()
    {
        await using var page = await browser.OpenAsync(service.Address, width: 390, height: 844);
        await page.LogInAsync(Service.Admin);
        await page.Page.GotoAsync($"/#/jobs/{Service.Job}");
        await page.HasPlacesAsync(p => p.Count > 0);
        await Expect(page.Page.Locator(".generation").First).ToBeVisibleAsync();
        // Nothing is wider than the screen; what has to be scrolls by itself.
        await page.KeepAsync("dashboard-phone.png");
        Assert.Equal(390, await page.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await page.Page.Locator(".generation").First.FocusAsync();
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await page.KeepAsync("dashboard-phone-timeline.png");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.Page.Locator(".plot").First.FocusAsync();
        await page.Page.Keyboard.PressAsync("End");
        await Expect(page.Page.Locator(".tip").First).ToContainTextAsync("forecast");
        Assert.NotEqual("none", await page.Page.Locator(".plot").First.EvaluateAsync<string>("e => getComputedStyle(e).outlineStyle"));

        var theme = page.Page.Locator("#theme");
        string light = await Background();
        await theme.ClickAsync();
        Assert.Equal(light, await Background());
        await theme.ClickAsync();
        string dark = await Background();
        Assert.NotEqual(light, dark);
        await page.Page.ReloadAsync();
        await page.HasPlacesAsync(p => p.Count > 0);
        Assert.Equal(dark, await Background());
        await theme.ClickAsync();
        await page.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        Assert.Equal(dark, await Background());
        page.AssertClean();

        Task<string> Background() => page.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
    }

    [Fact]
    public async Task An_administrator_gets_from_the_page_to_the_orleans_dashboard()
    {
        await using var page = await browser.OpenAsync(service.Address);
        await page.LogInAsync(Service.Admin);
        await page.Page.Locator("#orleans").ClickAsync();
        await Expect(page.Page.GetByText("Active silos").First).ToBeVisibleAsync();
        // What that page makes of a silo that was killed just before is its own affair.
        page.AssertStaysHere();
    }

    [GeneratedRegex("^Generation [0-9]+: [0-9]+ × [0-9]+$")]
    private static partial Regex GenerationTitle();

    [GeneratedRegex("^(< )?[0-9.,]+ m?s$")]
    private static partial Regex Time();

    [GeneratedRegex("^Drain ")]
    private static partial Regex Drain();
}
